import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ManifestPart } from '../bundle/manifest.ts'
import { BundleRefused } from '../bundle/refusal.ts'
import { recoverSecret } from '../bundle/secret.ts'
import { writeSparse } from '../bundle/sparse-file.ts'
import { tapped } from '../bundle/streams.ts'
import { unbundle } from '../bundle/unbundler.ts'
import type { OnProgress } from './bundle-parts.ts'
import type { BundlePlace } from './bundle-place.ts'

/** What unbundling is told besides the bundle. */
export interface Unbundling {
  /** PEM; the first that opens the bundle is taken. */
  readonly privateKeys: readonly string[]
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * Gives the image of a bundle to `keep` as a stream, as `unbundle` does: when this resolves, every byte of it is
 * verified. The next part is read while one is unpacked. Throws `BundleRefused`, or what the place and `keep` throw.
 */
export async function unbundleFrom(
  place: BundlePlace,
  { privateKeys, onProgress, signal }: Unbundling,
  keep: (image: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { manifest } = place
  const parts = readAhead(place)
  const [first] = manifest.parts
  if (!first) throw new BundleRefused(`the bundle ${place.name} has no parts`)
  const secret = recoverSecret(manifest, privateKeys, await parts(first))
  let done = 0
  const report = (chunk: Uint8Array) => {
    done += chunk.length
    onProgress?.(done, manifest.size)
  }
  const openPart = async (part: ManifestPart) => inPieces(await parts(part))
  await unbundle(manifest, { secret, open: openPart, ...(signal && { signal }) }, (image) =>
    keep(tapped(image, report)),
  )
}

/** Bytes in pieces of 256 KiB: the cipher answers a piece with one of the same size, so that memory stays small. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 262_144) yield bytes.subarray(at, at + 262_144)
}

/** Reads parts in order; a part that was asked for is kept until the next one is, which is being read by then. */
function readAhead(place: BundlePlace): (part: ManifestPart) => Promise<Buffer> {
  const { parts } = place.manifest
  const under = new Map<ManifestPart, Promise<Buffer>>()
  const start = (part: ManifestPart): Promise<Buffer> => {
    const reading = under.get(part) ?? place.part(part)
    under.set(part, reading)
    // Whoever asks for the part hears of a failure; a part that nobody comes to needs none.
    reading.catch(() => undefined)
    return reading
  }
  return async (part) => {
    const index = parts.indexOf(part)
    for (const known of under.keys()) if (parts.indexOf(known) < index) under.delete(known)
    const bytes = await start(part)
    const next = parts[index + 1]
    if (next) void start(next)
    return bytes
  }
}

/**
 * Unbundles into a file of the image's own name in a folder; blocks of zeros become holes. The file appears when all of
 * it is verified, in place of one of that name. Returns its path. Throws as `unbundleFrom` does.
 */
export async function unbundleToFile(place: BundlePlace, folder: string, unbundling: Unbundling): Promise<string> {
  const { name, size } = place.manifest
  // A manifest of somebody else's must not write over what a program reads without being asked: .profile, .npmrc.
  if (name.startsWith('.') || /[/\\]/.test(name)) {
    throw new BundleRefused(`the name of the bundled image cannot be that of a file: ${JSON.stringify(name)}`)
  }
  const path = join(folder, name)
  const temporary = join(folder, `.unbundling-${randomUUID()}`)
  const file = await open(temporary, 'wx')
  try {
    await unbundleFrom(place, unbundling, (image) =>
      writeSparse(file, { offset: 0, length: size, onBytes: () => undefined }, image),
    ).finally(() => file.close())
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return path
}
