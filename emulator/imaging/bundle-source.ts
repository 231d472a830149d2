import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type Manifest, readManifest } from '../../src/bundle/manifest.ts'
import { largestManifest } from '../../src/bundle/manifest-xml.ts'
import { BundleRefused } from '../../src/bundle/refusal.ts'
import { ManifestUnreadable } from './failures.ts'

/** Where bundles lie, seen as the system account aws-exec-read: the ACLs of the objects decide. */
export interface BundleSource {
  /** `missing` when bucket or key do not exist, `denied` when the ACL does not let the system account read. */
  read(bucket: string, key: string): Promise<{ readonly size: number; readonly body: Readable } | 'missing' | 'denied'>
}

/** A manifest as it was found. */
export interface FoundManifest {
  readonly bucket: string
  readonly key: string
  readonly text: string
  /** Hex SHA-256 of the manifest's bytes, by which a later change is noticed. */
  readonly sha256: string
  readonly manifest: Manifest
}

/**
 * Reads the manifest at an image location, `bucket/key` with or without a leading slash. Its signature is not checked
 * and its parts are not looked at, as Eucalyptus does at registration. `check` sees the bytes' SHA-256 before they are
 * read as a manifest, and throws to refuse them. Throws `ManifestUnreadable`.
 */
export async function findManifest(
  source: BundleSource,
  location: string,
  check: (sha256: string) => void = () => undefined,
): Promise<FoundManifest> {
  const { bucket, key } = splitLocation(location)
  const bytes = await manifestBytes(source, bucket, key)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  check(sha256)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { bucket, key, text, sha256, manifest: readManifest(text) }
  } catch (cause) {
    if (!(cause instanceof BundleRefused || cause instanceof TypeError)) throw cause
    const message = cause instanceof BundleRefused ? cause.message : 'the manifest is not UTF-8'
    throw new ManifestUnreadable('malformed', `Failed to read ${bucket}/${key}: ${message}`, { cause })
  }
}

/** The rule of ImageManifests.java: bucket names have at least two characters and the key is not empty. */
function splitLocation(location: string): { bucket: string; key: string } {
  const path = location.replace(/^\//, '')
  const slash = path.indexOf('/')
  if (slash < 2 || slash === path.length - 1) {
    throw new ManifestUnreadable('location', `Invalid image location: ${location}`)
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

async function manifestBytes(source: BundleSource, bucket: string, key: string): Promise<Buffer> {
  const found = await source.read(bucket, key)
  if (found === 'missing') throw new ManifestUnreadable('missing', `There is no manifest ${bucket}/${key}`)
  if (found === 'denied') {
    throw new ManifestUnreadable('denied', `The manifest ${bucket}/${key} may not be read: its ACL lacks aws-exec-read`)
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of found.body) {
    size += chunk.length
    if (size > largestManifest) {
      throw new ManifestUnreadable('too-big', `The manifest ${bucket}/${key} is larger than ${largestManifest} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
