import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'exec-read-grants-nothing',
    'The canned ACL aws-exec-read is taken for private, as of a store that has no launching service beside it.',
  ],
  'PutObject',
  (run) => (world, call, found) => {
    const { 'x-amz-acl': acl } = call.headers
    return run(
      world,
      { ...call, headers: { ...call.headers, 'x-amz-acl': acl === 'aws-exec-read' ? 'private' : acl } },
      found,
    )
  },
)
