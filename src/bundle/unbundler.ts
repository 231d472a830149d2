import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type BundleSecret, decryption } from './cipher.ts'
import { largestPart, type Manifest, type ManifestPart } from './manifest.ts'
import { BundleRefused } from './refusal.ts'
import { lastStage, tapped } from './streams.ts'
import { onlyMember } from './tar.ts'

/** What `unbundle` is told. */
interface UnbundleOptions {
  readonly secret: BundleSecret
  /** The stored bytes of one part. */
  readonly open: (part: ManifestPart) => Promise<AsyncIterable<Uint8Array>>
  readonly signal?: AbortSignal
}

/**
 * Gives the image of a bundle to `keep` as a stream. Once this resolves every byte of it is verified; before that none
 * is. A part's digest is checked before the part is decrypted. The sizes that the manifest declares are enforced on the
 * way, which bounds a decompression bomb: gzip cannot exceed 1,032 to 1, and because empty disks come near that, a
 * tighter ratio would refuse honest images.
 * Throws `BundleRefused`, or whatever `open` and `keep` throw, or the signal's reason.
 */
export async function unbundle(
  manifest: Manifest,
  { secret, open, signal }: UnbundleOptions,
  keep: (image: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  const digest = createHash('sha1')
  let compressed = 0
  const count = (chunk: Uint8Array) => {
    compressed += chunk.length
  }
  const reading = lastStage((tar) =>
    keep(
      onlyMember(
        tapped(tar, (chunk) => digest.update(chunk)),
        manifest.size,
      ),
    ),
  )
  try {
    await pipeline(
      verifiedParts(manifest, open),
      decryption(secret),
      (plain: AsyncIterable<Uint8Array>) => tapped(plain, count),
      gunzip,
      reading.run,
      signal ? { signal } : {},
    )
  } catch (error) {
    throw explained(reading.firstError(error, signal))
  }
  // zlib stops at zeros behind the compressed stream and says nothing.
  if (gunzip.bytesWritten !== compressed) throw new BundleRefused('the bundle has bytes behind its compressed stream')
  if (digest.digest('hex') !== manifest.digest) {
    throw new BundleRefused('the unpacked archive does not have the digest that the manifest says')
  }
}

/** The parts' bytes in order, each part's only after its digest was found right. */
async function* verifiedParts(manifest: Manifest, open: UnbundleOptions['open']): AsyncGenerator<Uint8Array> {
  let total = 0
  for (const part of manifest.parts) {
    const chunks = await verifiedPart(part, await open(part))
    for (const chunk of chunks) total += chunk.length
    if (total > manifest.bundledSize) break
    yield* chunks
  }
  if (total !== manifest.bundledSize) {
    const size = total > manifest.bundledSize ? 'more' : `${total}`
    throw new BundleRefused(
      `the manifest says that the parts have ${manifest.bundledSize} bytes, but they have ${size}`,
    )
  }
}

async function verifiedPart(part: ManifestPart, body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const digest = createHash('sha1')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > largestPart) throw new BundleRefused(`part ${part.filename} is larger than ${largestPart} bytes`)
    digest.update(chunk)
    chunks.push(chunk)
  }
  if (digest.digest('hex') === part.sha1) return chunks
  throw new BundleRefused(`part ${part.filename} (${size} bytes) does not have the digest that the manifest says`)
}

/**
 * One sentence for all that a wrong key can lead to. It does not tell a wrong key from damage: the codes of zlib and of
 * OpenSSL must not become an oracle (see `unwrap`).
 */
function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(Z_|ERR_OSSL_)/.test(code)) return error
  const message =
    'the parts do not decrypt to a whole gzip stream: the bundle is damaged or encrypted for the certificate of another cloud'
  return new BundleRefused(message, { cause: error })
}
