import type { BucketRecord, VersionIdentity } from '../objects/records.ts'
import { isVersionId, versionIdOf } from '../objects/versions.ts'
import { fault } from './faults.ts'
import type { S3World } from './operation.ts'

/**
 * The version that a request names; undefined when it names none. Eucalyptus looks for whatever was sent, AWS refuses
 * what no version can be called. Throws InvalidArgument.
 */
export function requestedVersion({ settings }: S3World, sent: string | undefined): string | undefined {
  if (settings.fidelity === 'eucalyptus') return sent || undefined
  if (sent === '') throw fault('invalidArgument', 'Version id cannot be the empty string')
  if (sent !== undefined && !isVersionId(sent)) throw fault('invalidArgument', 'Invalid version id specified')
  return sent
}

/** The header that tells the id of a version that was just made; the `null` version goes without (S3 API reference, PutObject). */
export const newVersionHeader = ({ versionId }: VersionIdentity): { readonly [name: string]: string | undefined } => ({
  'x-amz-version-id': versionId,
})

/** The version that is read, as a header tells it. Eucalyptus does not name the `null` version (ObjectStorageGETOutboundHandler.java). */
export function shownVersion(
  { settings }: S3World,
  { versioning }: BucketRecord,
  version: VersionIdentity,
): string | undefined {
  const isNamed = versioning !== undefined && settings.fidelity === 'aws'
  return isNamed ? versionIdOf(version) : version.versionId
}

/** The same as a header. */
export function versionHeader(
  world: S3World,
  bucket: BucketRecord,
  version: VersionIdentity,
  name = 'x-amz-version-id',
): { readonly [name: string]: string | undefined } {
  return { [name]: shownVersion(world, bucket, version) }
}
