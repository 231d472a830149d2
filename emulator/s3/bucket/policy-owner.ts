import { owns, type Requester } from '../../objects/acl.ts'
import type { BucketRecord } from '../../objects/records.ts'
import { fault } from '../faults.ts'

/** Policies are the owner's alone: another account that the policy lets gets MethodNotAllowed (S3 API reference, PutBucketPolicy). */
export function expectOwner(bucket: BucketRecord, requester: Requester): void {
  if (!owns(bucket.acl.owner, requester)) throw fault('methodNotAllowed')
}
