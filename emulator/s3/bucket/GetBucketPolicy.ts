import { Readable } from 'node:stream'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { expectOwner } from './policy-owner.ts'

/** The policy of a bucket, as it was sent. Throws NoSuchBucketPolicy. */
export default s3Operation('GetBucketPolicy', {
  route: { method: 'GET', of: 'bucket', sub: 'policy' },
  access: { bucket: 'owner' },
  async run(_world, { requester }, { bucket }) {
    expectOwner(bucket, requester)
    if (bucket.policy === undefined) throw fault('noSuchBucketPolicy')
    const text = Buffer.from(bucket.policy)
    const headers = { 'content-type': 'application/json', 'content-length': String(text.length) }
    return { headers, stream: Readable.from([text]) }
  },
})
