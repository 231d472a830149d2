import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'versions-are-not-kept',
    'Versioning can be switched on and is shown, but what is overwritten is gone, as of a store that only has the switch.',
  ],
  'objects',
  (objects) => {
    const claimed = new Map<string, 'Enabled' | 'Suspended'>()
    return {
      ...objects,
      async findBucket(name) {
        const bucket = await objects.findBucket(name)
        const versioning = claimed.get(name)
        return bucket && { ...bucket, ...(versioning && { versioning }) }
      },
      changeBucket: (name, change) =>
        objects.changeBucket(name, (bucket) => {
          const { versioning, ...rest } = change(bucket)
          if (versioning) claimed.set(name, versioning)
          return rest
        }),
    }
  },
)
