import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'
import { listingRequest, nextAfter, objectFields, prefixesOf, rowsOf } from './listing.ts'

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
    return xmlAnswer('ListBucketResult', {
      Name: bucket.name,
      ...echo,
      // As it is: botocore decodes all else of this answer, but not this.
      Prefix: world.settings.fidelity === 'aws' ? request.prefix : echo.Prefix,
      Marker: encode(marker),
      NextMarker: tellsNext ? encode(next) : undefined,
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
      Contents: rowsOf(page).map((object) => objectFields(world, object, { encode, withOwner: true })),
      CommonPrefixes: prefixesOf(page, encode),
    })
  },
})
