import type { BucketRecord } from '../../objects/records.ts'
import { ownerOf } from '../access.ts'
import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { numberOf } from '../numbers.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { nameIn, tokenFor } from './continuation-token.ts'

const mostListed = 10_000

interface Page {
  readonly buckets: readonly BucketRecord[]
  readonly prefix?: string | undefined
  readonly next?: string
}

/** The buckets that a request wants to see, and the token for more. Eucalyptus does not know pages of buckets. */
function pageOf({ settings }: S3World, call: S3Call, all: readonly BucketRecord[]): Page {
  if (settings.fidelity === 'eucalyptus') return { buckets: all }
  const { query } = call
  const [prefix, token, region] = ['prefix', 'continuation-token', 'bucket-region'].map((name) => query.get(name))
  const most = numberOf(call, 'max-buckets', mostListed)
  if (most < 1 || most > mostListed) {
    throw fault('invalidArgument', `Argument max-buckets must be an integer between 1 and ${mostListed}`)
  }
  const after = token ? nameIn(token) : ''
  const wanted = all.filter(
    ({ name, location }) =>
      name > after && name.startsWith(prefix ?? '') && (!region || (location || settings.region) === region),
  )
  const buckets = wanted.slice(0, most)
  const last = buckets.at(-1)
  return { buckets, prefix, ...(wanted.length > most && last && { next: tokenFor(last.name) }) }
}

/**
 * ListAllMyBuckets: the buckets that the account owns. Those without a name own none; AWS sends them to its home page, to
 * ceph/s3-tests an empty list is as good.
 */
export default s3Operation('ListBuckets', {
  route: { method: 'GET', of: 'service' },
  access: 'anyone',
  async run(world, call) {
    const { requester } = call
    if (requester.kind !== 'account' && world.settings.fidelity === 'eucalyptus') throw fault('accessDenied')
    const { accountId, canonicalId } = ownerOf(requester)
    const all = requester.kind === 'account' ? await world.objects.listBuckets(accountId) : []
    const { buckets, prefix, next } = pageOf(world, call, all)
    return xmlAnswer('ListAllMyBucketsResult', {
      Owner: accountFields(world, canonicalId),
      Buckets: { Bucket: buckets.map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt) })) },
      ContinuationToken: next,
      Prefix: prefix,
    })
  },
})
