import { basename } from 'node:path'
import { bundleAndUpload } from '../client/bundle-image.ts'
import { verifiedPart } from '../client/bundle-place.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { localBundle } from '../client/local-bundle.ts'
import { openUploader, type Uploader, type UploadTarget } from '../client/upload.ts'
import { describeBundle, type ImageToBundle } from './bundle-description.ts'
import { splitBucket } from './bundle-key.ts'
import { CommandFailed } from './data-folder.ts'
import { progressBar } from './progress.ts'

/** Where a bundle goes to, by the options of euca-upload-bundle. */
export interface UploadPlace {
  /** `BUCKET` or `BUCKET/PREFIX`. */
  readonly bucket: string
  readonly acl?: string
  /** Location constraint of the bucket, if it has to be made. */
  readonly location?: string
  /** How often a failed request is sent again. */
  readonly retry?: number
}

/** A bundle that lies in files. */
export interface BundleInFiles {
  /** The manifest's path. */
  readonly manifest: string
  /** The folder of the parts; the manifest's unless told. */
  readonly directory?: string
  readonly skipmanifest?: boolean
}

/** Uploads the bundle of a manifest, or an image that is bundled on the way; the manifest's location. */
export async function upload(
  asked: UploadPlace & Partial<ImageToBundle> & Partial<BundleInFiles>,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<string> {
  const { manifest, image } = asked
  if (manifest !== undefined) return uploadBundle({ ...asked, manifest }, cloud, signal)
  if (image !== undefined) return uploadImage({ ...asked, image, arch: asked.arch ?? 'x86_64' }, cloud, signal)
  throw new CommandFailed("name the manifest's file with --manifest, or an image with --image")
}

/**
 * Uploads a bundle that lies in files, each part's digest checked, as euca-upload-bundle. Returns the manifest's
 * location. When it fails, what it uploaded is removed.
 */
export async function uploadBundle(
  asked: UploadPlace & BundleInFiles,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<string> {
  const place = await localBundle(asked.manifest, asked.directory)
  const { bucket, folder } = splitBucket(asked.bucket)
  const name = basename(asked.manifest)
  const bar = progressBar(name)
  let done = 0
  await undoingUploads(targetOf(asked, cloud, signal), async (uploader) => {
    for (const part of place.manifest.parts) {
      signal.throwIfAborted()
      const bytes = await verifiedPart(place, part)
      await uploader.put(part.filename, bytes)
      done += bytes.length
      bar.update(done, place.manifest.bundledSize)
    }
    await uploader.finish()
    if (asked.skipmanifest) return
    await uploader.put(name, Buffer.from(place.text))
    await uploader.finish()
  }).finally(bar.finish)
  return `${bucket}/${folder}${name}`
}

/** Bundles an image and uploads it at once, without a copy on the disk, as euca-bundle-and-upload-image. */
export async function uploadImage(
  asked: UploadPlace & ImageToBundle,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<string> {
  const described = await describeBundle(asked, async () => cloud)
  const target = targetOf(asked, cloud, signal)
  const bar = progressBar(basename(asked.image))
  const request = { ...described, ...target, image: asked.image, onProgress: bar.update, signal }
  const uploading = undoingUploads(target, (uploader) => bundleAndUpload(request, uploader))
  return (await uploading.finally(bar.finish)).location
}

function targetOf({ bucket, acl, location, retry }: UploadPlace, cloud: CloudAccess, signal: AbortSignal) {
  return {
    // What is undone is undone after the signal was aborted, too.
    s3: {
      ...cloud.objects({ signal, ...(retry !== undefined && { retries: retry }) }),
      removeObject: cloud.objects().removeObject,
    },
    ...splitBucket(bucket),
    ...(acl !== undefined && { acl }),
    ...(location !== undefined && { bucketLocation: location }),
  } satisfies UploadTarget
}

/** Uploads; what was uploaded is removed when that fails. What cannot be removed is told, the failure is thrown. */
async function undoingUploads<Result>(
  target: UploadTarget,
  upload: (uploader: Uploader) => Promise<Result>,
): Promise<Result> {
  const uploader = await openUploader(target)
  try {
    return await upload(uploader)
  } catch (error) {
    await uploader.remove().catch((reason) => {
      console.error(`objects of ${target.bucket} could not be removed again: ${reason}`)
    })
    throw error
  }
}
