import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'listing-ignores-the-prefix',
    'All keys are listed whatever prefix was asked for, as of a store that leaves filtering to its clients.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    listObjects: (bucket, request) => objects.listObjects(bucket, { ...request, prefix: '' }),
  }),
)
