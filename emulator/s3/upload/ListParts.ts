import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { numberOf, pageSize } from '../numbers.ts'
import { algorithmElements, checksumElement } from '../object/checksums.ts'
import { s3Operation } from '../operation.ts'
import { uploadName } from './upload-name.ts'

/** The parts of an upload that are stored. */
export default s3Operation('ListParts', {
  route: { method: 'GET', of: 'object', sub: 'uploadId' },
  access: { upload: 'WRITE' },
  async run(world, call, { bucket }) {
    const name = uploadName(call)
    const request = { after: numberOf(call, 'part-number-marker', 0), limit: pageSize(call, 'max-parts') }
    const upload = await world.objects.getUpload(name)
    const { parts, truncated } = await world.objects.listParts(name, request)
    return xmlAnswer('ListPartsResult', {
      Bucket: bucket.name,
      Key: name.key,
      UploadId: name.uploadId,
      Initiator: accountFields(world, upload.initiator.canonicalId),
      Owner: accountFields(world, upload.acl.owner.canonicalId),
      StorageClass: 'STANDARD',
      PartNumberMarker: request.after,
      NextPartNumberMarker: parts.at(-1)?.partNumber ?? 0,
      MaxParts: request.limit,
      IsTruncated: truncated,
      ...algorithmElements(upload.checksum),
      Part: parts.map(({ partNumber, lastModified, etag, data, checksum }) => ({
        PartNumber: partNumber,
        LastModified: new Date(lastModified),
        ETag: `"${etag}"`,
        Size: data.size,
        ...(checksum && checksumElement(checksum)),
      })),
    })
  },
})
