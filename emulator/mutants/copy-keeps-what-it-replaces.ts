import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'copy-keeps-what-it-replaces',
    'A copy has the metadata of its source although it was to have its own, as where the directive is not read.',
  ],
  'CopyObject',
  (run) => (world, call, found) =>
    run(world, { ...call, headers: { ...call.headers, 'x-amz-metadata-directive': undefined } }, found),
)
