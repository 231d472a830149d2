import { type BundlePlace, remoteBundle } from '../client/bundle-place.ts'
import type { ObjectClient } from '../client/object-client.ts'
import { CommandFailed } from './data-folder.ts'

/** A bundle in Object Storage, by the options of euca2ools. */
export interface StoredBundle {
  /** `BUCKET` or `BUCKET/PREFIX`. */
  readonly bucket: string
  /** The manifest's name below that. */
  readonly manifest?: string
  /** What stands in front of `.manifest.xml` in its name. */
  readonly prefix?: string
}

/** `BUCKET/PREFIX` as bucket and what stands in front of the keys: nothing, or something that ends in a slash. */
export function splitBucket(text: string): { bucket: string; folder: string } {
  const [, bucket = '', rest = ''] = /^\/?([^/]*)\/?(.*)$/s.exec(text) ?? []
  if (bucket === '') throw new CommandFailed(`a bucket has a name, not ${JSON.stringify(text)}`)
  return { bucket, folder: rest === '' || rest.endsWith('/') ? rest : `${rest}/` }
}

/** The bucket and key of a manifest. Throws CommandFailed unless it is named in one way. */
export function manifestKey({ bucket, manifest, prefix }: StoredBundle): { bucket: string; key: string } {
  if ((manifest === undefined) === (prefix === undefined)) {
    throw new CommandFailed(
      "name the manifest's file with --manifest, or what comes before .manifest.xml with --prefix",
    )
  }
  const place = splitBucket(bucket)
  return { bucket: place.bucket, key: place.folder + (manifest ?? `${prefix}.manifest.xml`) }
}

/** Opens a bundle in Object Storage. Throws CommandFailed in the words of euca2ools when there is none. */
export async function openStored(objects: ObjectClient, stored: StoredBundle): Promise<BundlePlace & { key: string }> {
  const { bucket, key } = manifestKey(stored)
  const found = await remoteBundle(objects, bucket, key)
  if (found) return { ...found, key }
  throw new CommandFailed(`manifest '${bucket}/${key}' does not exist on the server`)
}
