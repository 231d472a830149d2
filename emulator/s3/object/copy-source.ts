import { parseCopySource } from '../../../src/protocol/rest.ts'
import type { NewObject, OpenObject } from '../../objects/objects.ts'
import type { ObjectRecord } from '../../objects/records.ts'
import { bucketOf, mayRead } from '../access.ts'
import { fault } from '../faults.ts'
import type { S3Answer, S3Call, S3World } from '../operation.ts'
import { requestedVersion, versionHeader } from '../version-id.ts'
import { computedChecksum, wantedChecksum } from './checksums.ts'
import { judge } from './conditions.ts'
import { largestPut } from './PutObject.ts'

/** Throws InvalidRequest for more bytes than one copy may take. */
export function expectCopyable(size: number): void {
  if (size <= largestPut) return
  const limit = 'The specified copy source is larger than the maximum allowable size for a copy source'
  throw fault('invalidRequest', `${limit}: ${largestPut}`)
}

/** An object to copy, the version that was named, and the header that tells which one it is. */
export interface CopySource extends OpenObject {
  readonly versionId: string | undefined
  readonly versionHeader: NonNullable<S3Answer['headers']>
}

/**
 * Opens the object that x-amz-copy-source names, if the requester may read it and the copy's conditions hold. It must be
 * closed or read. Throws NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, PreconditionFailed and InvalidURI.
 */
export async function openCopySource(world: S3World, call: S3Call): Promise<CopySource> {
  const { headers } = call
  const { bucket, key, versionId: sent } = parseCopySource(headers['x-amz-copy-source'] ?? '')
  const versionId = requestedVersion(world, sent)
  const home = await bucketOf(world, bucket, headers['x-amz-source-expected-bucket-owner'])
  const may = mayRead(world, home, call, versionId)
  const source = await world.objects.openObject(bucket, key, { may, versionId })
  const named = versionHeader(world, home, source.record, 'x-amz-copy-source-version-id')
  if (judge(source.record, headers, 'x-amz-copy-source-') === 'holds') {
    return { ...source, versionId, versionHeader: named }
  }
  source.close()
  throw fault('preconditionFailed')
}

/**
 * How the checksum of a whole copy is found (S3 API reference, CopyObject): of the algorithm that is asked for, else of
 * the source's. It is copied where it can be: a composite one is of parts, which the copy does not have.
 */
export function checksumOfCopy(
  { settings }: S3World,
  { headers }: S3Call,
  { checksum }: ObjectRecord,
): Pick<NewObject, 'observe' | 'checksumOf'> {
  if (settings.fidelity === 'eucalyptus') return {}
  const algorithm = wantedChecksum(headers) ?? checksum?.algorithm
  if (algorithm === undefined) return {}
  const isThere = checksum?.type === 'FULL_OBJECT' && checksum.algorithm === algorithm
  return isThere ? { checksumOf: () => checksum } : computedChecksum(algorithm)
}
