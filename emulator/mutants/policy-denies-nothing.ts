import { aroundEngine } from './mutant.ts'

/** A policy without its denials; undefined when nothing is left. */
function permissionsOf(policy: string): string | undefined {
  const { Statement, ...rest } = JSON.parse(policy)
  const left = [Statement].flat().filter(({ Effect }) => Effect !== 'Deny')
  return left.length ? JSON.stringify({ ...rest, Statement: left }) : undefined
}

export default aroundEngine(
  [
    'policy-denies-nothing',
    'What a bucket policy denies is allowed all the same, as where its statements are only looked through for a permission.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async findBucket(name) {
      const bucket = await objects.findBucket(name)
      return bucket?.policy === undefined ? bucket : { ...bucket, policy: permissionsOf(bucket.policy) }
    },
  }),
)
