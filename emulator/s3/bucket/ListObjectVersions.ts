import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'
import { listingRequest, nextAfter, objectFields, prefixesOf, rowsOf } from './listing.ts'

/** The versions of all objects: buckets here have no versioning, so each has one, `null`. */
export default s3Operation('ListObjectVersions', {
  route: { method: 'GET', of: 'bucket', sub: 'versions' },
  access: { bucket: 'READ' },
  async run(world, call, { bucket }) {
    const { encode, echo, ...request } = listingRequest(call, 'max-keys')
    const marker = call.query.get('key-marker') ?? ''
    const page = await world.objects.listObjects(bucket.name, { ...request, after: marker })
    const next = nextAfter(page)
    return xmlAnswer('ListVersionsResult', {
      Name: bucket.name,
      ...echo,
      KeyMarker: encode(marker),
      VersionIdMarker: call.query.get('version-id-marker') ?? '',
      NextKeyMarker: next === undefined ? undefined : encode(next),
      NextVersionIdMarker: next === undefined ? undefined : 'null',
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
      Version: rowsOf(page).map((object) => ({
        ...objectFields(world, object, { encode, withOwner: true }),
        VersionId: 'null',
        IsLatest: true,
      })),
      CommonPrefixes: prefixesOf(page, encode),
    })
  },
})
