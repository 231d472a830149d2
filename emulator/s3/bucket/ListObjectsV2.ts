import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { nameIn, tokenFor } from './continuation-token.ts'
import { listingRequest, nextAfter, objectFields, prefixesOf, rowsOf } from './listing.ts'

/** The second version of the listing, which goes on with a token. */
export default s3Operation('ListObjectsV2', {
  route: { method: 'GET', of: 'bucket', sub: 'list-type' },
  access: { bucket: 'READ' },
  async run(world, call, { bucket }) {
    const { query } = call
    if (query.get('list-type') !== '2') throw fault('invalidArgument', 'Invalid List Type specified in Request')
    const { encode, echo, ...request } = listingRequest(call, 'max-keys')
    const token = query.get('continuation-token')
    const startAfter = query.get('start-after')
    const after = token ? nameIn(token) : (startAfter ?? '')
    const page = await world.objects.listObjects(bucket.name, { ...request, after })
    const next = nextAfter(page)
    const withOwner = query.get('fetch-owner') === 'true'
    return xmlAnswer('ListBucketResult', {
      Name: bucket.name,
      ...echo,
      StartAfter: startAfter === undefined ? undefined : encode(startAfter),
      ContinuationToken: token,
      NextContinuationToken: next === undefined ? undefined : tokenFor(next),
      KeyCount: page.entries.length,
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
      Contents: rowsOf(page).map((object) => objectFields(world, object, { encode, withOwner })),
      CommonPrefixes: prefixesOf(page, encode),
    })
  },
})
