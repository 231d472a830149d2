import type { CallerRole } from '../../src/protocol/operation.ts'
import type { PolicyResource } from '../../src/protocol/policy.ts'
import { parseCopySource } from '../../src/protocol/rest.ts'
import type { S3Call, S3Operation } from './operation.ts'

/** What policies call an operation, where that is not its own name (the service authorization reference of S3). */
const actions: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  DeleteObjects: 'DeleteObject',
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListBuckets: 'ListAllMyBuckets',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListParts: 'ListMultipartUploadParts',
  PostObject: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
}

/** Operations on a bucket whose body says which objects it is about: they need the permission for all of them. */
const onItsObjects: ReadonlySet<string> = new Set(['DeleteObjects', 'PostObject'])

const objectIn = (bucket: string, key: string): PolicyResource => ({ arn: `arn:aws:s3:::${bucket}/${key}` })

function resourceOf({ name, route }: S3Operation, { bucket, key }: S3Call): PolicyResource {
  if (onItsObjects.has(name)) return { ...objectIn(bucket, '*'), isWhole: true }
  if (route.of === 'object') return objectIn(bucket, key)
  return route.of === 'bucket' ? { arn: `arn:aws:s3:::${bucket}` } : { arn: '*', isWhole: true }
}

/** Whether the policies of a role's session allow a request: what it does, the object that it copies, the ACL that it sets. */
export function roleMay(may: CallerRole['may'], operation: S3Operation | undefined, call: S3Call): boolean {
  // What has no operation is only for those who may do everything.
  if (!operation) return may('s3:NoOperation')
  const { name } = operation
  const resource = resourceOf(operation, call)
  const source = call.headers['x-amz-copy-source']
  const { bucket, key } = source === undefined ? { bucket: '', key: '' } : parseCopySource(source)
  const action = actions[name] ?? name
  const setsAcl = Object.keys(call.headers).some((header) => /^x-amz-(acl|grant-.*)$/.test(header))
  return (
    may(`s3:${action}`, resource) &&
    (source === undefined || may('s3:GetObject', objectIn(bucket, key))) &&
    (!setsAcl || action !== 'PutObject' || may('s3:PutObjectAcl', resource))
  )
}
