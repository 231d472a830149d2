import { s3Operation } from '../operation.ts'
import { uploadName } from './upload-name.ts'

/** Gives up an upload and its parts. */
export default s3Operation('AbortMultipartUpload', {
  route: { method: 'DELETE', of: 'object', sub: 'uploadId' },
  access: { upload: 'WRITE' },
  async run({ objects }, call) {
    await objects.abortUpload(uploadName(call))
    return { status: 204 }
  },
})
