import { createHash } from 'node:crypto'
import { largestPart, type Manifest, type ManifestPart, readManifest } from '../bundle/manifest.ts'
import { largestManifest } from '../bundle/manifest-xml.ts'
import { BundleRefused } from '../bundle/refusal.ts'
import type { ObjectClient } from './object-client.ts'

/** A bundle to be read: its manifest, and its parts, wherever they lie. */
export interface BundlePlace {
  /** How it is called in messages: a path, or `bucket/key`. */
  readonly name: string
  /** The manifest's text as it stands. */
  readonly text: string
  readonly manifest: Manifest
  /** The bytes that are stored as a part, unchecked. Throws `BundleRefused` when there are none. */
  part(part: ManifestPart): Promise<Buffer>
}

/** Opens the bundle at `bucket/key`; undefined when there is no manifest. Throws `BundleRefused`, or ServiceError. */
export async function remoteBundle(
  objects: ObjectClient,
  bucket: string,
  key: string,
): Promise<BundlePlace | undefined> {
  const bytes = await objects.getObject(bucket, key, largestManifest)
  if (!bytes) return undefined
  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  return bundlePlace(`${bucket}/${key}`, bytes, (filename) => objects.getObject(bucket, folder + filename, largestPart))
}

/** A bundle from the bytes of its manifest and what reads a part by its name. Throws `BundleRefused`. */
export function bundlePlace(
  name: string,
  bytes: Buffer,
  read: (filename: string) => Promise<Buffer | undefined>,
): BundlePlace {
  const text = bytes.toString()
  return {
    name,
    text,
    manifest: readManifest(text),
    async part({ filename }) {
      const part = await read(filename)
      if (part) return part
      throw new BundleRefused(`the part ${filename} of ${name} does not exist`)
    },
  }
}

/** A part whose digest was found right, to be copied. Throws `BundleRefused`. */
export async function verifiedPart(place: BundlePlace, part: ManifestPart): Promise<Buffer> {
  const bytes = await place.part(part)
  if (createHash('sha1').update(bytes).digest('hex') === part.sha1) return bytes
  throw new BundleRefused(
    `the part ${part.filename} (${bytes.length} bytes) does not have the digest that ${place.name} says`,
  )
}
