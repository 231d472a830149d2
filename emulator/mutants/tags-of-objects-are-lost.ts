import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'tags-of-objects-are-lost',
    'The tags that an object is put with are not kept, as where only the later request for tags is known.',
  ],
  'PutObject',
  (run) => (world, call, found) =>
    run(world, { ...call, headers: { ...call.headers, 'x-amz-tagging': undefined } }, found),
)
