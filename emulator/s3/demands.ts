import type { PolicyResource } from '../../src/protocol/policy.ts'
import { parseCopySource } from '../../src/protocol/rest.ts'
import type { S3Call, S3Operation } from './operation.ts'

/** What policies must allow for a request: an action on a resource. */
export interface Demand {
  /** Such as `s3:GetObject`. */
  readonly action: string
  readonly resource: PolicyResource
}

/** What policies call an operation, where that is not its own name (the service authorization reference of S3). */
const actions: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  DeleteBucketAnalyticsConfiguration: 'PutAnalyticsConfiguration',
  DeleteBucketCors: 'PutBucketCORS',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketIntelligentTieringConfiguration: 'PutIntelligentTieringConfiguration',
  DeleteBucketInventoryConfiguration: 'PutInventoryConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketMetricsConfiguration: 'PutMetricsConfiguration',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
  DeleteBucketReplication: 'PutReplicationConfiguration',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteObjects: 'DeleteObject',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketAnalyticsConfiguration: 'GetAnalyticsConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketIntelligentTieringConfiguration: 'GetIntelligentTieringConfiguration',
  GetBucketInventoryConfiguration: 'GetInventoryConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetBucketMetricsConfiguration: 'GetMetricsConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListBuckets: 'ListAllMyBuckets',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListParts: 'ListMultipartUploadParts',
  PostObject: 'PutObject',
  PutBucketAccelerateConfiguration: 'PutAccelerateConfiguration',
  PutBucketAnalyticsConfiguration: 'PutAnalyticsConfiguration',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketIntelligentTieringConfiguration: 'PutIntelligentTieringConfiguration',
  PutBucketInventoryConfiguration: 'PutInventoryConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutBucketMetricsConfiguration: 'PutMetricsConfiguration',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  PutBucketReplication: 'PutReplicationConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
}

/** Actions that have another name when a version is named. */
const versioned = /^(?:(?:Get|Delete)Object|(?:Get|Delete|Put)Object(?:Acl|Attributes|Tagging))$/

/** Operations on a bucket whose body says which objects it is about: they need the permission for all of them. */
const onItsObjects: ReadonlySet<string> = new Set(['DeleteObjects', 'PostObject'])

/** An object as policies name it. */
export const objectIn = (bucket: string, key: string): PolicyResource => ({ arn: `arn:aws:s3:::${bucket}/${key}` })

/** A bucket as policies name it. */
export const bucketNamed = (bucket: string): PolicyResource => ({ arn: `arn:aws:s3:::${bucket}` })

/** An action on an object or on one of its versions, such as `GetObject`: it bears another name when a version is named. */
export function onObject(name: string, bucket: string, key: string, versionId: string | undefined): Demand {
  const action = versionId && versioned.test(name) ? name.replace('Object', 'ObjectVersion') : name
  return { action: `s3:${action}`, resource: objectIn(bucket, key) }
}

/** The own demand of an operation, of one object or of all that its body may name. */
function ownDemand({ name, route }: S3Operation, { bucket, key, query }: S3Call): Demand {
  const own = actions[name] ?? name
  if (onItsObjects.has(name)) return { action: `s3:${own}`, resource: { ...objectIn(bucket, '*'), isWhole: true } }
  if (route.of === 'object') return onObject(own, bucket, key, query.get('versionId'))
  const resource = route.of === 'bucket' ? bucketNamed(bucket) : { arn: '*', isWhole: true }
  return { action: `s3:${own}`, resource }
}

/** What policies must allow for a request, beside its copy source: first what it does, then the ACL and the tags that it sets. */
export function demandsOf(operation: S3Operation, call: S3Call): readonly [Demand, ...Demand[]] {
  const own = ownDemand(operation, call)
  if (own.action !== 's3:PutObject') return [own]
  const names = Object.keys(call.headers)
  const sets = (header: RegExp, action: string) =>
    names.some((name) => header.test(name)) ? [{ action, resource: own.resource }] : []
  return [
    own,
    ...sets(/^x-amz-(?:acl|grant-.*)$/, 's3:PutObjectAcl'),
    ...sets(/^x-amz-tagging$/, 's3:PutObjectTagging'),
  ]
}

/** What policies must allow for reading the source of a copy; undefined when the request copies nothing. */
export function sourceDemand({ headers }: Pick<S3Call, 'headers'>): Demand | undefined {
  const source = headers['x-amz-copy-source']
  if (source === undefined) return undefined
  const { bucket, key, versionId } = parseCopySource(source)
  return onObject('GetObject', bucket, key, versionId)
}
