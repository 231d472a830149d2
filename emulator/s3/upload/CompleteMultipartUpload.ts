import { childrenNamed, expectElement, getText, readXml, type XmlElement } from '../../../src/protocol/xml-read.ts'
import type { ListedPart } from '../../objects/uploads.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { uploadName } from './upload-name.ts'

/** Room for 10,000 parts with checksums (threats.md, E1). */
const largestList = 4 * 1024 * 1024

const partFields = [
  'PartNumber',
  'ETag',
  'ChecksumCRC32',
  'ChecksumCRC32C',
  'ChecksumCRC64NVME',
  'ChecksumSHA1',
  'ChecksumSHA256',
]

function listedPart(part: XmlElement): ListedPart {
  expectElement(part, 'Part', ...partFields)
  const partNumber = Number(getText(part, 'PartNumber').trim())
  if (!Number.isSafeInteger(partNumber) || partNumber < 1) throw fault('malformedXml')
  return { partNumber, etag: getText(part, 'ETag').trim().replaceAll('"', '') }
}

/** Makes the object of its parts. */
export default s3Operation('CompleteMultipartUpload', {
  route: { method: 'POST', of: 'object', sub: 'uploadId' },
  access: { bucket: 'WRITE' },
  body: largestList,
  async run({ objects }, call, { bucket }) {
    const list = readXml(call.content, largestList)
    expectElement(list, 'CompleteMultipartUpload', 'Part')
    const parts = childrenNamed(list, 'Part').map(listedPart)
    if (parts.length === 0) throw fault('malformedXml')
    const { key, etag } = await objects.completeUpload(uploadName(call), parts)
    const location = `http://${call.headers['host'] ?? ''}/${bucket.name}/${encodeURIComponent(key)}`
    return xmlAnswer('CompleteMultipartUploadResult', {
      Location: location,
      Bucket: bucket.name,
      Key: key,
      ETag: `"${etag}"`,
    })
  },
})
