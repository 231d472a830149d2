import { ofS3 } from './mutant.ts'

export default ofS3(
  [
    'uploads-of-others-are-aborted',
    'Who may write in a bucket aborts the uploads of all, as where an upload is not known to be somebody’s.',
  ],
  'AbortMultipartUpload',
  (operation) => ({ ...operation, access: { bucket: 'WRITE' } }),
)
