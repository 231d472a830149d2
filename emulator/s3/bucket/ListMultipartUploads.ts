import { element } from '../../../src/protocol/xml.ts'
import type { UploadRecord } from '../../objects/records.ts'
import { accountFields } from '../acl.ts'
import { algorithmElements } from '../object/checksums.ts'
import { s3Operation } from '../operation.ts'
import { listingRequest, nextAfter } from './listing.ts'
import { listingAnswer } from './listing-answer.ts'

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
    const about = {
      Bucket: bucket.name,
      ...echo,
      KeyMarker: encode(marker),
      UploadIdMarker: idMarker,
      NextKeyMarker: next === undefined ? undefined : encode(next),
      NextUploadIdMarker: page.truncated && last && 'row' in last ? last.row.uploadId : undefined,
      MaxUploads: request.limit,
      IsTruncated: page.truncated,
    }
    const row = ({ key, uploadId, initiator, acl, initiatedAt, checksum }: UploadRecord) => {
      const upload = {
        Key: encode(key),
        UploadId: uploadId,
        Initiator: accountFields(world, initiator.canonicalId),
        Owner: accountFields(world, acl.owner.canonicalId),
        StorageClass: 'STANDARD',
        Initiated: new Date(initiatedAt),
        ...algorithmElements(checksum),
      }
      return element('Upload', upload, 's3')
    }
    return listingAnswer({ root: 'ListMultipartUploadsResult', about, entries: page.entries, encode, row })
  },
})
