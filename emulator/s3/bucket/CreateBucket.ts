import { expectElement, findText, readXml } from '../../../src/protocol/xml-read.ts'
import { StoreRefusal } from '../../objects/refusal.ts'
import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { fault } from '../faults.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { isBucketName } from './naming.ts'

function locationOf({ settings }: S3World, { content }: S3Call): string {
  if (content.length === 0) return ''
  const configuration = readXml(content, content.length)
  expectElement(configuration, 'CreateBucketConfiguration', 'LocationConstraint', 'Location', 'Bucket', 'Tags')
  const location = findText(configuration, 'LocationConstraint') ?? ''
  // Eucalyptus keeps whatever is sent (section 10.2).
  if (settings.fidelity === 'aws' && location !== '' && location !== settings.region) throw fault('invalidLocation')
  return location
}

/** The owner may create a bucket again: Eucalyptus and us-east-1 say 200, other regions of AWS refuse. */
export default s3Operation('CreateBucket', {
  route: { method: 'PUT', of: 'bucket' },
  access: 'account',
  async run(world, call) {
    const { objects, settings } = world
    const name = call.bucket
    if (!isBucketName(settings.fidelity, name)) throw fault('invalidBucketName')
    const owner = ownerOf(call.requester)
    const bucket = { name, acl: aclForNew(world, call, owner), location: locationOf(world, call) }
    const answer = { headers: { location: `/${name}` } }
    try {
      await objects.createBucket(bucket)
      return answer
    } catch (error) {
      if (!(error instanceof StoreRefusal && error.code === 'BucketAlreadyExists')) throw error
      const present = await objects.findBucket(name)
      if (present?.acl.owner.canonicalId !== owner.canonicalId) throw error
      if (settings.fidelity === 'aws' && settings.region !== 'us-east-1') throw fault('bucketAlreadyOwnedByYou')
      // The S3 API reference: a second creation resets the ACL.
      if (settings.fidelity === 'aws') await objects.changeBucket(name, () => ({ acl: bucket.acl }))
      return answer
    }
  },
})
