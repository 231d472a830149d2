import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle, type PartSet, partName } from '../bundle/bundler.ts'
import { type ManifestDescription, writeManifest } from '../bundle/manifest-writer.ts'
import { type ImageSource, type OnProgress, openImage } from './bundle-parts.ts'
import { openUploader, type UploadedBundle, type Uploader, type UploadTarget } from './upload.ts'

/** What `bundleAndUpload` is told, besides what the manifest says and where it goes. */
export interface BundleAndUpload extends ManifestDescription, UploadTarget {
  readonly image: ImageSource
  /** The bundle's name: parts are `name.part.NN`, the manifest is `name.manifest.xml`. */
  readonly name: string
  readonly partSize?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * Bundles an image and uploads it, as euca-bundle-and-upload-image does: the parts go up while the bundling goes on,
 * the manifest last. Throws the first failure; parts that are stored by then stay, unless who gave the uploader has it
 * remove them.
 */
export async function bundleAndUpload(request: BundleAndUpload, given?: Uploader): Promise<UploadedBundle> {
  const { name, partSize, onProgress, signal } = request
  const uploader = given ?? (await openUploader(request))
  const { stream, size } = await openImage(request.image, onProgress)
  const options = { name, size, ...(partSize !== undefined && { partSize }), ...(signal && { signal }) }
  const set = await bundle(stream, options, ({ filename, bytes }) => uploader.put(filename, bytes))
  return uploadManifest(uploader, set, request)
}

/** Uploads parts that `writeParts` has left in `folder`, with a manifest for the cloud described. */
export async function uploadParts(
  folder: string,
  set: PartSet,
  request: ManifestDescription & UploadTarget & { readonly signal?: AbortSignal },
): Promise<UploadedBundle> {
  const { name = set.name, signal } = request
  const uploader = await openUploader(request)
  for (const [index, { filename }] of set.parts.entries()) {
    signal?.throwIfAborted()
    await uploader.put(partName(name, index), await readFile(join(folder, filename)))
  }
  return uploadManifest(uploader, set, request)
}

/** Uploads the manifest of a bundle when all of its parts are stored. */
export async function uploadManifest(
  uploader: Uploader,
  set: PartSet,
  request: ManifestDescription & UploadTarget,
): Promise<UploadedBundle> {
  await uploader.finish()
  const key = `${request.name ?? set.name}.manifest.xml`
  await uploader.put(key, Buffer.from(writeManifest(set, request)))
  await uploader.finish()
  return {
    location: `${request.bucket}/${request.folder ?? ''}${key}`,
    parts: set.parts.length,
    bytes: set.bundledSize,
  }
}
