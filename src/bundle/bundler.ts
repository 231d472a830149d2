import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type BundleSecret, encryption, newSecret } from './cipher.ts'
import { lastStage, pieces, tapped } from './streams.ts'
import { archive } from './tar.ts'

/** The size of a part in bytes, as euca2ools cuts them. */
const defaultPartSize = 10 * 1024 * 1024

/** One encrypted piece of a bundle. The receiver owns `bytes`. */
export interface Part {
  readonly index: number
  readonly filename: string
  readonly bytes: Buffer
  /** Hex digest of `bytes`. */
  readonly sha1: string
}

/** What is known of a bundle's parts once all are made: all that a manifest needs besides names and certificates. */
export interface PartSet {
  readonly name: string
  /** Bytes of the image. */
  readonly size: number
  /** Bytes of all parts together. */
  readonly bundledSize: number
  /** Hex SHA-1 of the uncompressed tar stream. */
  readonly digest: string
  readonly secret: BundleSecret
  readonly parts: readonly { readonly filename: string; readonly sha1: string; readonly size: number }[]
}

/** What `bundle` is told. */
export interface BundleOptions {
  /** The bundle's name, the prefix of its parts' names: 1 to 100 bytes. */
  readonly name: string
  /** Bytes of the image, exactly. */
  readonly size: number
  readonly secret?: BundleSecret
  readonly partSize?: number
  /** 1 (fast, the default) to 9 (small). */
  readonly gzipLevel?: number
  readonly signal?: AbortSignal
}

/** `name.part.NN`, with at least two digits. */
export function partName(name: string, index: number): string {
  return `${name}.part.${String(index).padStart(2, '0')}`
}

/**
 * Bundles an image: tar with one member, gzip, AES-128-CBC, cut into parts. Each part is handed to `keep`, in order, and
 * nothing is read on before `keep` resolves: memory is bounded by a part and a few buffers.
 * Throws when the image's bytes are not `size`, when `keep` fails, or with the signal's reason.
 */
export async function bundle(
  image: AsyncIterable<Uint8Array>,
  options: BundleOptions,
  keep: (part: Part) => Promise<void>,
): Promise<PartSet> {
  const { name, size, secret = newSecret(), partSize = defaultPartSize, gzipLevel = 1, signal } = options
  const digest = createHash('sha1')
  const parts: { filename: string; sha1: string; size: number }[] = []
  let bundledSize = 0
  const cutting = lastStage(async (encrypted) => {
    for await (const bytes of pieces(encrypted, partSize)) {
      const index = parts.length
      const part = { filename: partName(name, index), sha1: createHash('sha1').update(bytes).digest('hex') }
      parts.push({ ...part, size: bytes.length })
      bundledSize += bytes.length
      await keep({ index, ...part, bytes })
    }
  })
  await pipeline(
    tapped(archive(name, size, image), (chunk) => digest.update(chunk)),
    createGzip({ level: gzipLevel, chunkSize: 256 * 1024 }),
    encryption(secret),
    cutting.run,
    signal ? { signal } : {},
  ).catch((error: unknown) => {
    throw cutting.firstError(error, signal)
  })
  return { name, size, bundledSize, digest: digest.digest('hex'), secret, parts }
}
