import type { Deleted, Deletion } from '../../objects/objects.ts'
import type { BucketRecord } from '../../objects/records.ts'
import { mayDelete, ownerOf } from '../access.ts'
import { fault } from '../faults.ts'
import type { S3Call, S3World } from '../operation.ts'
import { requestedVersion } from '../version-id.ts'

/** An object or one of its versions, as a request names it. */
export interface NamedObject extends Pick<Deletion, 'condition'> {
  readonly key: string
  readonly versionId: string | undefined
}

/**
 * Deletes what a request names. AWS makes a delete marker even for a key that was never there and counts a version that
 * is gone as deleted; Eucalyptus does neither (ObjectStorageGateway.java, deleteObject and deleteVersion). Throws
 * AccessDenied, InvalidArgument, NoSuchBucket and what the condition throws.
 */
export async function deleteNamed(
  world: S3World,
  bucket: BucketRecord,
  call: S3Call,
  { key, versionId: sent, ...named }: NamedObject,
): Promise<Deleted> {
  const isAws = world.settings.fidelity === 'aws'
  const versionId = requestedVersion(world, sent)
  if (!mayDelete(world, bucket, call, { key, versionId })) throw fault('accessDenied')
  // A condition is about something that is there: without it there is nothing to hide (ceph/s3-tests).
  const onlyPresent = !isAws || named.condition !== undefined
  const deletion = { ...named, versionId, owner: ownerOf(call.requester), onlyPresent }
  const deleted = await world.objects.deleteObject(bucket.name, key, deletion)
  if (deleted) return deleted
  if (versionId !== undefined && !isAws) throw fault('invalidArgument', 'Invalid version id specified')
  return { deleteMarker: false, ...(versionId !== undefined && { versionId }) }
}
