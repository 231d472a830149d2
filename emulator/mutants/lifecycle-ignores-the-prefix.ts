import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'lifecycle-ignores-the-prefix',
    'A lifecycle rule is for all keys whatever prefix it names, as of a store that has one rule for a bucket.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async findBucket(name) {
      const bucket = await objects.findBucket(name)
      return bucket?.lifecycle
        ? {
            ...bucket,
            lifecycle: bucket.lifecycle.map((rule) => ({ ...rule, filter: { ...rule.filter, prefix: '' } })),
          }
        : bucket
    },
  }),
)
