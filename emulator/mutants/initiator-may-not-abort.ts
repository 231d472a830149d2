import { ofS3 } from './mutant.ts'

export default ofS3(
  [
    'initiator-may-not-abort',
    'Only the owner of a bucket aborts uploads in it, so that parts of others stay for ever and are paid for.',
  ],
  'AbortMultipartUpload',
  (operation) => ({ ...operation, access: { bucket: 'owner' } }),
)
