import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { openCopySource } from '../object/copy-source.ts'
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

/** Stores a part that is copied from an object or a range of it. */
export default s3Operation('UploadPartCopy', {
  route: { method: 'PUT', of: 'object', sub: 'uploadId', header: 'x-amz-copy-source' },
  access: { bucket: 'WRITE' },
  async run(world, call) {
    const partNumber = partNumberOf(call)
    const source = await openCopySource(world, call)
    try {
      const body = source.body(copiedRange(call, source.record.data.size))
      const { lastModified, etag } = await world.objects.putPart(uploadName(call), { partNumber, body })
      return xmlAnswer('CopyPartResult', { LastModified: new Date(lastModified), ETag: `"${etag}"` })
    } finally {
      source.close()
    }
  },
})
