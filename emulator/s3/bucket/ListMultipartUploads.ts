import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { algorithmElements } from '../object/checksums.ts'
import { s3Operation } from '../operation.ts'
import { listingRequest, nextAfter, prefixesOf, rowsOf } from './listing.ts'

/** The uploads of a bucket that are neither completed nor aborted. */
export default s3Operation('ListMultipartUploads', {
  route: { method: 'GET', of: 'bucket', sub: 'uploads' },
  access: { bucket: 'READ' },
  async run(world, call, { bucket }) {
    const { encode, echo, ...request } = listingRequest(call, 'max-uploads')
    const marker = call.query.get('key-marker') ?? ''
    const idMarker = call.query.get('upload-id-marker') ?? ''
    const page = await world.objects.listUploads(bucket.name, { ...request, after: marker, afterUploadId: idMarker })
    const next = nextAfter(page)
    const last = page.entries.at(-1)
    return xmlAnswer('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      ...echo,
      KeyMarker: encode(marker),
      UploadIdMarker: idMarker,
      NextKeyMarker: next === undefined ? undefined : encode(next),
      NextUploadIdMarker: page.truncated && last && 'row' in last ? last.row.uploadId : undefined,
      MaxUploads: request.limit,
      IsTruncated: page.truncated,
      Upload: rowsOf(page).map(({ key, uploadId, initiator, acl, initiatedAt, checksum }) => ({
        Key: encode(key),
        UploadId: uploadId,
        Initiator: accountFields(world, initiator.canonicalId),
        Owner: accountFields(world, acl.owner.canonicalId),
        StorageClass: 'STANDARD',
        Initiated: new Date(initiatedAt),
        ...algorithmElements(checksum),
      })),
      CommonPrefixes: prefixesOf(page, encode),
    })
  },
})
