import type { CloudAccess } from '../client/cloud-access.ts'
import { openStored, type StoredBundle, splitBucket } from './bundle-key.ts'

/**
 * Deletes the parts that a manifest names, and then the manifest, as euca-delete-bundle: one that was interrupted can be
 * done again. With `clear` the bucket goes, too, if that left it empty. Throws CommandFailed when there is no manifest.
 */
export async function deleteBundle(
  asked: StoredBundle & { readonly clear?: boolean },
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<void> {
  const objects = cloud.objects({ signal })
  const { bucket } = splitBucket(asked.bucket)
  const { key, manifest } = await openStored(objects, asked)
  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  for (const { filename } of manifest.parts) await objects.removeObject(bucket, folder + filename)
  await objects.removeObject(bucket, key)
  if (asked.clear) await objects.removeBucket(bucket)
}
