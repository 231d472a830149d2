import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['copy-loses-its-metadata', 'A copy has no metadata of its source, as where only the bytes are copied.'],
  'CopyObject',
  (run) => (world, call, found) =>
    run(world, { ...call, headers: { ...call.headers, 'x-amz-metadata-directive': 'REPLACE' } }, found),
)
