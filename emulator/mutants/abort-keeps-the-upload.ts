import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['abort-keeps-the-upload', 'An upload that was given up can be gone on with, as where aborting only hides it.'],
  'AbortMultipartUpload',
  () => async () => ({ status: 204 }),
)
