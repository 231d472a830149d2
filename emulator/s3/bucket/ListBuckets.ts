import { ownerOf } from '../access.ts'
import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'

/** ListAllMyBuckets: the buckets that the account owns. */
export default s3Operation('ListBuckets', {
  route: { method: 'GET', of: 'service' },
  access: 'account',
  async run(world, { requester }) {
    const { accountId, canonicalId } = ownerOf(requester)
    const buckets = await world.objects.listBuckets(accountId)
    return xmlAnswer('ListAllMyBucketsResult', {
      Owner: accountFields(world, canonicalId),
      Buckets: { Bucket: buckets.map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt) })) },
    })
  },
})
