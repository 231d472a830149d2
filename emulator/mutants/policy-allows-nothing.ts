import { aroundEngine } from './mutant.ts'

/** A policy without its permissions; undefined when nothing is left. */
function denialsOf(policy: string): string | undefined {
  const { Statement, ...rest } = JSON.parse(policy)
  const left = [Statement].flat().filter(({ Effect }) => Effect !== 'Allow')
  return left.length ? JSON.stringify({ ...rest, Statement: left }) : undefined
}

export default aroundEngine(
  [
    'policy-allows-nothing',
    'What a bucket policy allows is refused all the same, as where only denials of a policy are looked for.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async findBucket(name) {
      const bucket = await objects.findBucket(name)
      return bucket?.policy === undefined ? bucket : { ...bucket, policy: denialsOf(bucket.policy) }
    },
  }),
)
