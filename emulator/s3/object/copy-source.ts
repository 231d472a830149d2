import { parseCopySource } from '../../../src/protocol/rest.ts'
import type { OpenObject } from '../../objects/objects.ts'
import { expectNullVersion } from '../access.ts'
import { fault } from '../faults.ts'
import type { S3Call, S3World } from '../operation.ts'
import { judge } from './conditions.ts'

/**
 * Opens the object that x-amz-copy-source names, if the requester may read it and the copy's conditions hold. It must be
 * closed or read. Throws NoSuchBucket, NoSuchKey, AccessDenied, PreconditionFailed and InvalidArgument.
 */
export async function openCopySource({ objects }: S3World, { headers, requester }: S3Call): Promise<OpenObject> {
  const { bucket, key, versionId } = parseCopySource(headers['x-amz-copy-source'] ?? '')
  expectNullVersion(versionId)
  const source = await objects.openObject(bucket, key, { requester })
  if (judge(source.record, headers, 'x-amz-copy-source-') === 'holds') return source
  source.close()
  throw fault('preconditionFailed')
}
