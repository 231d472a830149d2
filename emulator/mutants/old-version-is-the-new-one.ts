import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'old-version-is-the-new-one',
    'Whichever version is asked for, the current one is answered, as by a cache that leaves the query out of its keys.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    getObject: (bucket, key) => objects.getObject(bucket, key),
    openObject: (bucket, key, { versionId: _, ...options } = {}) => objects.openObject(bucket, key, options),
    seeObject: (bucket, key, { versionId: _, ...options } = {}) => objects.seeObject(bucket, key, options),
  }),
)
