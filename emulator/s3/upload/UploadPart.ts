import { fault } from '../faults.ts'
import { largestPut } from '../object/PutObject.ts'
import { checksumHeader } from '../object/stored-headers.ts'
import { s3Operation } from '../operation.ts'
import { partNumberOf, uploadName } from './upload-name.ts'

/** Stores one part; a part with the same number is replaced. */
export default s3Operation('UploadPart', {
  route: { method: 'PUT', of: 'object', sub: 'uploadId' },
  access: { bucket: 'WRITE' },
  body: 'stream',
  async run({ objects }, call) {
    const { digests, contentLength, stream: body } = call
    if (contentLength === undefined) throw fault('missingContentLength')
    if (contentLength > largestPut) throw fault('entityTooLarge')
    const part = { partNumber: partNumberOf(call), body, ...(digests && { md5: () => digests().md5 }) }
    const { etag } = await objects.putPart(uploadName(call), part)
    return { headers: { etag: `"${etag}"`, ...checksumHeader(digests) } }
  },
})
