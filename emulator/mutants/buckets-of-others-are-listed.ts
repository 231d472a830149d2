import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  ['buckets-of-others-are-listed', "An account's list of buckets has those of all, as where a store has one list."],
  'objects',
  (objects) => {
    const made = new Set<string>()
    return {
      ...objects,
      createBucket(bucket) {
        made.add(bucket.name)
        return objects.createBucket(bucket)
      },
      async listBuckets() {
        const found = await Promise.all([...made].map((name) => objects.findBucket(name)))
        return found.flatMap((bucket) => bucket ?? [])
      },
    }
  },
)
