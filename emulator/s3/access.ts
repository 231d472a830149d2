import { allowed, anonymousOwner, type Owner, owns, type Permission, type Requester } from '../objects/acl.ts'
import type { BucketRecord, ObjectRecord } from '../objects/records.ts'
import { fault } from './faults.ts'
import type { Access, Found, S3Call, S3World } from './operation.ts'

/** Who owns what a requester makes. */
export function ownerOf(requester: Requester): Owner {
  if (requester.kind !== 'account') return anonymousOwner
  const { accountId, canonicalId } = requester
  return { accountId, canonicalId }
}

/** There are no versions yet: every object has the version `null`. Throws NoSuchVersion for any other. */
export function expectNullVersion(versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== '' && versionId !== 'null') throw fault('noSuchVersion')
}

async function bucketOf({ objects }: S3World, name: string): Promise<BucketRecord> {
  const bucket = await objects.findBucket(name)
  if (!bucket) throw fault('noSuchBucket')
  return bucket
}

/**
 * The object that is asked for. Eucalyptus says NoSuchKey to everyone; AWS hides from those who may not list the bucket
 * whether a key is there.
 */
async function objectOf({ objects, settings }: S3World, bucket: BucketRecord, call: S3Call): Promise<ObjectRecord> {
  expectNullVersion(call.query.get('versionId'))
  const object = await objects.findObject(bucket.name, call.key)
  if (object) return object
  const mayList = settings.fidelity === 'eucalyptus' || allowed(bucket.acl, call.requester, 'READ')
  throw fault(mayList ? 'noSuchKey' : 'accessDenied')
}

/** The bucket that is asked for, if the requester has the permission or, for `owner`, owns it. Throws the fault if not. */
export async function admitToBucket(
  world: S3World,
  permission: Permission | 'owner',
  { bucket: name, requester }: Pick<S3Call, 'bucket' | 'requester'>,
): Promise<BucketRecord> {
  const bucket = await bucketOf(world, name)
  const may = permission === 'owner' ? owns(bucket.acl.owner, requester) : allowed(bucket.acl, requester, permission)
  if (!may) throw fault('accessDenied')
  return bucket
}

/** Looks up what an operation works on and decides whether the requester may. Throws the fault if not. */
export async function admit(world: S3World, access: Access, call: S3Call): Promise<Found<Access>> {
  const { requester } = call
  if (access === 'anyone') return {}
  if (access === 'account') {
    if (requester.kind !== 'account') throw fault('accessDenied')
    return {}
  }
  if ('bucket' in access) return { bucket: await admitToBucket(world, access.bucket, call) }
  const bucket = await bucketOf(world, call.bucket)
  const object = await objectOf(world, bucket, call)
  if (!allowed(object.acl, requester, access.object)) throw fault('accessDenied')
  return { bucket, object }
}
