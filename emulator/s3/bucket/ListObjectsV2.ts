import type { ListedObject } from '../../objects/object-rows.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { nameIn, tokenFor } from './continuation-token.ts'
import { listingRequest, nextAfter } from './listing.ts'
import { listingAnswer, objectWriter } from './listing-answer.ts'

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
    const write = objectWriter(world, { encode, withOwner: query.get('fetch-owner') === 'true' })
    const about = {
      Name: bucket.name,
      ...echo,
      StartAfter: startAfter === undefined ? undefined : encode(startAfter),
      ContinuationToken: token,
      NextContinuationToken: next === undefined ? undefined : tokenFor(next),
      KeyCount: page.entries.length,
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
    }
    const row = (object: ListedObject) => write('Contents', object)
    return listingAnswer({ root: 'ListBucketResult', about, entries: page.entries, encode, row })
  },
})
