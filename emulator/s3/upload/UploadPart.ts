import { checksumHeaders, sentChecksum } from '../object/checksums.ts'
import { expectStorable } from '../object/PutObject.ts'
import { s3Operation } from '../operation.ts'
import { checksumOfPart } from './part-checksum.ts'
import { partNumberOf, uploadName } from './upload-name.ts'

/** Stores one part; a part with the same number is replaced. */
export default s3Operation('UploadPart', {
  route: { method: 'PUT', of: 'object', sub: 'uploadId' },
  access: { bucket: 'WRITE' },
  body: 'stream',
  async run(world, call) {
    const { digests } = call
    expectStorable(world, call)
    const partNumber = partNumberOf(call)
    const name = uploadName(call)
    const checksum = checksumOfPart(world, call, await world.objects.getUpload(name))
    const md5 = digests && (() => digests().md5)
    const { etag } = await world.objects.putPart(name, { partNumber, body: call.stream(), md5, ...checksum })
    const { 'x-amz-checksum-type': _, ...sent } = checksumHeaders(sentChecksum(world, digests)?.())
    return { headers: { etag: `"${etag}"`, ...sent } }
  },
})
