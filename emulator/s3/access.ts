import { isPublicPolicy, readBucketPolicy } from '../../src/protocol/bucket-policy.ts'
import { decide, type Statement } from '../../src/protocol/policy.ts'
import {
  type Acl,
  allowed,
  anonymousOwner,
  type Owner,
  owns,
  type Permission,
  type Requester,
  withoutPublicGrants,
} from '../objects/acl.ts'
import type { BucketRecord, ObjectRecord } from '../objects/records.ts'
import { StoreRefusal } from '../objects/refusal.ts'
import { bucketNamed, type Demand, demandsOf, onObject } from './demands.ts'
import { fault } from './faults.ts'
import type { Access, Found, S3Call, S3Operation, S3World } from './operation.ts'
import { contextOf, namesOf, type Sent } from './policy-context.ts'
import { uploadName } from './upload/upload-name.ts'
import { requestedVersion } from './version-id.ts'

/** Who owns what a requester makes. */
export function ownerOf(requester: Requester): Owner {
  if (requester.kind !== 'account') return anonymousOwner
  const { accountId, canonicalId } = requester
  return { accountId, canonicalId }
}

/**
 * The bucket of that name. In AWS a request may say whose account it expects to own the bucket (S3 user guide, "Verifying
 * bucket ownership"); Eucalyptus does not know that header. Throws NoSuchBucket and AccessDenied.
 */
export async function bucketOf(
  { objects, settings }: S3World,
  name: string,
  expectedOwner: string | undefined,
): Promise<BucketRecord> {
  const bucket = await objects.findBucket(name)
  if (!bucket) throw fault('noSuchBucket')
  const isExpected = expectedOwner === undefined || expectedOwner === bucket.acl.owner.accountId
  if (settings.fidelity === 'aws' && !isExpected) throw fault('accessDenied')
  return bucket
}

/** Whether an ACL in a bucket, its own or that of an object, lets a requester; the bucket may pass over what is public. */
function aclLets({ publicAccessBlock }: BucketRecord, acl: Acl, requester: Requester, permission: Permission): boolean {
  return allowed(publicAccessBlock?.ignorePublicAcls ? withoutPublicGrants(acl) : acl, requester, permission)
}

/** What the owner may always do with a policy, so that none locks its owner out (S3 API reference, PutBucketPolicy). */
const ofPolicyItself = /^s3:(?:Get|Put|Delete)BucketPolicy$/

/** Whether a policy's permission counts; AWS: for the bucket, and for objects of its owner (S3 user guide, access policies). */
function counts({ settings }: S3World, { acl }: BucketRecord, { resource }: Demand, object?: ObjectRecord): boolean {
  const isOfOwner = !object || object.acl.owner.canonicalId === acl.owner.canonicalId
  // Eucalyptus lets the policy open objects only, never the bucket itself to other accounts (OsgAuthorizationHandler).
  return isOfOwner && (settings.fidelity === 'aws' || resource.arn.includes('/'))
}

/** The policies of the buckets that were found: a request may ask a thousand times, once for each key that it names. */
const readPolicies = new WeakMap<BucketRecord, readonly Statement[]>()

function statementsOf(bucket: BucketRecord, policy: string): readonly Statement[] {
  const statements = readPolicies.get(bucket) ?? readBucketPolicy(policy, bucket.name)
  readPolicies.set(bucket, statements)
  return statements
}

/**
 * Whether a request may do what it demands in a bucket. Its policy is asked first: a denial of any demand counts more than
 * ACL and ownership, a permission of the first as much as they do: ceph/s3-tests let who may put an object set its ACL and
 * tags with it, where AWS asks for permissions of their own. `byAcl` tells what these say.
 */
export function permitted(
  world: S3World,
  bucket: BucketRecord,
  sent: Sent,
  demanded: () => readonly Demand[],
  byAcl: boolean,
  object?: ObjectRecord,
): boolean {
  const { requester, arn } = sent
  // The administrators of Eucalyptus and the account that launches images are above policies.
  if (bucket.policy === undefined || requester.kind === 'exec-read') return byAcl
  if (requester.kind === 'account' && requester.administrator) return byAcl
  const demands = demanded()
  const [own] = demands
  const isAccountItself = owns(bucket.acl.owner, requester) && !arn?.includes(':assumed-role/')
  if (!own || (isAccountItself && ofPolicyItself.test(own.action))) return byAcl
  const statements = statementsOf(bucket, bucket.policy)
  const names = namesOf(sent)
  const context = contextOf(world, bucket, sent, object)
  const verdicts = demands.map((demand) => decide(statements, { ...demand, names, context }))
  if (verdicts.includes('Deny')) return false
  const isOfBucket = requester.kind === 'account' && requester.accountId === bucket.acl.owner.accountId
  const isBlocked = bucket.publicAccessBlock?.restrictPublicBuckets && !isOfBucket && isPublicPolicy(statements)
  return byAcl || (verdicts[0] === 'Allow' && !isBlocked && counts(world, bucket, own, object))
}

/** Whether a request may list a bucket under a prefix; who may not is not told which keys there are. */
function mayList(world: S3World, bucket: BucketRecord, sent: Sent, prefix: string): boolean {
  const demand = () => [{ action: 's3:ListBucket', resource: bucketNamed(bucket.name) }]
  const asked = { ...sent, query: new Map([['prefix', prefix]]) }
  return permitted(world, bucket, asked, demand, aclLets(bucket, bucket.acl, sent.requester, 'READ'))
}

/**
 * Looks for the object that is asked for. Eucalyptus says NoSuchKey to everyone; AWS hides from those who may not list the
 * bucket whether a key is there.
 */
export async function lookFor<Result>(
  world: S3World,
  bucket: BucketRecord,
  call: S3Call,
  look: () => Promise<Result>,
): Promise<Result> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error
    const isTold = world.settings.fidelity === 'eucalyptus' || mayList(world, bucket, call, call.key)
    throw isTold ? error : fault('accessDenied')
  }
}

/**
 * The bucket that is asked for, if the requester has the permission or, for `owner`, owns it, or its policy lets them do
 * what is demanded. Throws the fault if not.
 */
export async function admitToBucket(
  world: S3World,
  permission: Permission | 'owner',
  sent: Sent,
  demands: () => readonly Demand[] = () => [],
): Promise<BucketRecord> {
  const { requester, headers } = sent
  const bucket = await bucketOf(world, sent.bucket, headers['x-amz-expected-bucket-owner'])
  const byAcl =
    permission === 'owner' ? owns(bucket.acl.owner, requester) : aclLets(bucket, bucket.acl, requester, permission)
  if (permitted(world, bucket, sent, demands, byAcl)) return bucket
  throw fault('accessDenied')
}

/** Whether a request may delete an object, or a version of it: for requests that name several (`keys`). */
export function mayDelete(
  world: S3World,
  bucket: BucketRecord,
  sent: Sent,
  { key, versionId }: { readonly key: string; readonly versionId: string | undefined },
): boolean {
  const demand = () => [onObject('DeleteObject', bucket.name, key, versionId)]
  // Versions are removed for good, so WRITE does not do for them (S3 user guide, ACL overview; DeleteVersionType.java).
  const byAcl =
    versionId === undefined
      ? aclLets(bucket, bucket.acl, sent.requester, 'WRITE')
      : owns(bucket.acl.owner, sent.requester)
  return permitted(world, bucket, sent, demand, byAcl)
}

/** Whether a request may read an object: the store asks it of the very object that it opens. */
export const mayRead =
  (world: S3World, bucket: BucketRecord, sent: Sent, versionId: string | undefined) =>
  (object: ObjectRecord): boolean => {
    const demand = () => [onObject('GetObject', bucket.name, object.key, versionId)]
    return permitted(world, bucket, sent, demand, aclLets(bucket, object.acl, sent.requester, 'READ'), object)
  }

/**
 * Whether a requester may look at an upload and end it without a policy that lets them. Eucalyptus asks for the permission
 * on the bucket; in AWS it takes the bucket's owner or who began the upload, and the permission is for beginning one (S3
 * user guide, "Multipart upload and permissions"). It is also who is told that there is no such upload.
 */
async function mayEndUpload(world: S3World, bucket: BucketRecord, call: S3Call, permission: Permission) {
  const { requester } = call
  const byAcl = aclLets(bucket, bucket.acl, requester, permission)
  if (world.settings.fidelity === 'eucalyptus') return byAcl
  if (owns(bucket.acl.owner, requester)) return true
  try {
    return owns((await world.objects.getUpload(uploadName(call))).initiator, requester)
  } catch (error) {
    if (error instanceof StoreRefusal) return byAcl
    throw error
  }
}

/** Looks up what an operation works on and decides whether the requester may. Throws the fault if not. */
export async function admit(world: S3World, operation: S3Operation, call: S3Call): Promise<Found<Access>> {
  const { requester } = call
  const { access } = operation
  if (access === 'anyone') return {}
  if (access === 'account') {
    if (requester.kind !== 'account') throw fault('accessDenied')
    return {}
  }
  const demands = () => demandsOf(operation, call)
  if ('bucket' in access) return { bucket: await admitToBucket(world, access.bucket, call, demands) }
  const bucket = await bucketOf(world, call.bucket, call.headers['x-amz-expected-bucket-owner'])
  if ('keys' in access) {
    // AWS answers a list of keys whoever sends it, and denies each key by itself (S3 API reference, DeleteObjects).
    const byKeys = bucket.policy !== undefined || world.settings.fidelity === 'aws'
    if (!byKeys && !aclLets(bucket, bucket.acl, requester, access.keys)) throw fault('accessDenied')
    return { bucket }
  }
  if ('opens' in access) return { bucket }
  if ('upload' in access) {
    const byAcl = await mayEndUpload(world, bucket, call, access.upload)
    if (permitted(world, bucket, call, demands, byAcl)) return { bucket }
    throw fault('accessDenied')
  }
  const versionId = requestedVersion(world, call.query.get('versionId'))
  const object = await lookFor(world, bucket, call, () => world.objects.getObject(bucket.name, call.key, versionId))
  const byAcl =
    access.object === 'owner'
      ? owns(bucket.acl.owner, requester)
      : aclLets(bucket, object.acl, requester, access.object)
  if (permitted(world, bucket, call, demands, byAcl, object)) return { bucket, object }
  throw fault('accessDenied')
}
