import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'listing-ignores-the-delimiter',
    'Keys are not rolled up to folders, as of a store that leaves that to its clients.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    listObjects: (bucket, request) => objects.listObjects(bucket, { ...request, delimiter: '' }),
  }),
)
