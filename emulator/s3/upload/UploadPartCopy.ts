import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { checksumElement, computedChecksum } from '../object/checksums.ts'
import { expectCopyable, openCopySource } from '../object/copy-source.ts'
import { rangeOf } from '../object/range.ts'
import { type S3Call, s3Operation } from '../operation.ts'
import { partNumberOf, uploadName } from './upload-name.ts'

/** The range to copy. Unlike that of a GET it must be whole, `bytes=first-last`, and lie within the source. */
function copiedRange({ headers }: S3Call, size: number) {
  const header = headers['x-amz-copy-source-range']
  if (header === undefined) return undefined
  const [, last] = /^bytes=\d+-(\d+)$/.exec(header) ?? []
  const range = rangeOf(header, size)
  if (last === undefined || !range) {
    throw fault('invalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last')
  }
  if (Number(last) >= size) throw fault('invalidRange')
  return range
}

/** Stores a part that is copied from an object or a range of it. Its checksum, if its upload has any, is computed. */
export default s3Operation('UploadPartCopy', {
  route: { method: 'PUT', of: 'object', sub: 'uploadId', header: 'x-amz-copy-source' },
  access: { bucket: 'WRITE' },
  async run(world, call) {
    const partNumber = partNumberOf(call)
    const name = uploadName(call)
    const upload = await world.objects.getUpload(name)
    const checksum = upload.checksum && computedChecksum(upload.checksum.algorithm)
    const source = await openCopySource(world, call)
    try {
      const { size } = source.record.data
      const range = copiedRange(call, size)
      expectCopyable(range ? range.end - range.start + 1 : size)
      const body = source.body(range)
      try {
        const part = await world.objects.putPart(name, { partNumber, body, ...checksum })
        const answer = xmlAnswer('CopyPartResult', {
          LastModified: new Date(part.lastModified),
          ETag: `"${part.etag}"`,
          ...(part.checksum && checksumElement(part.checksum)),
        })
        return { ...answer, headers: source.versionHeader }
      } finally {
        body.destroy()
      }
    } finally {
      source.close()
    }
  },
})
