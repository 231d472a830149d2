import type { ListedObject } from '../../objects/object-rows.ts'
import { s3Operation } from '../operation.ts'
import { listingRequest, nextAfter } from './listing.ts'
import { listingAnswer, objectWriter } from './listing-answer.ts'

/** The first version of the listing, which goes on after a key. */
export default s3Operation('ListObjects', {
  route: { method: 'GET', of: 'bucket' },
  access: { bucket: 'READ' },
  async run(world, call, { bucket }) {
    const { encode, echo, ...request } = listingRequest(call, 'max-keys')
    const marker = call.query.get('marker') ?? ''
    const page = await world.objects.listObjects(bucket.name, { ...request, after: marker })
    const next = nextAfter(page)
    // AWS tells the next marker only where it is not simply the last key; Eucalyptus always (ObjectStorageGateway.java).
    const tellsNext = next !== undefined && (world.settings.fidelity === 'eucalyptus' || request.delimiter !== '')
    const write = objectWriter(world, { encode, withOwner: true })
    const about = {
      Name: bucket.name,
      ...echo,
      // As it is: botocore decodes all else of this answer, but not this.
      Prefix: world.settings.fidelity === 'aws' ? request.prefix : echo.Prefix,
      Marker: encode(marker),
      NextMarker: tellsNext ? encode(next) : undefined,
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
    }
    const row = (object: ListedObject) => write('Contents', object)
    return listingAnswer({ root: 'ListBucketResult', about, entries: page.entries, encode, row })
  },
})
