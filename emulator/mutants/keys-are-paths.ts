import { posix } from 'node:path'
import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'keys-are-paths',
    'Dots and doubled slashes of a key are resolved, as by a store that is a file system or sits behind a proxy.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    putObject: (object) => objects.putObject({ ...object, key: posix.normalize(object.key) }),
    getObject: (bucket, key, versionId) => objects.getObject(bucket, posix.normalize(key), versionId),
    openObject: (bucket, key, options) => objects.openObject(bucket, posix.normalize(key), options),
    seeObject: (bucket, key, options) => objects.seeObject(bucket, posix.normalize(key), options),
  }),
)
