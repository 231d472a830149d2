import { randomUUID } from 'node:crypto'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { unwrap, verify } from '../../src/bundle/cipher.ts'
import { type Manifest, type ManifestPart, signedText } from '../../src/bundle/manifest.ts'
import { BundleRefused } from '../../src/bundle/refusal.ts'
import { writeSparse } from '../../src/bundle/sparse-file.ts'
import { unbundle } from '../../src/bundle/unbundler.ts'
import { syncFolder } from '../state/files.ts'
import type { BundleSource, FoundManifest } from './bundle-source.ts'
import { TemplateFailed } from './failures.ts'
import type { OnProgress } from './shared-work.ts'
import { type ImagingWorld, type Layout, partitionOffset, type Template } from './template.ts'

/** How the names of unfinished files begin. */
export const temporaryMark = 'unpacking-'

/** One unpacking: what, where to, and who is told. */
interface Unpacking {
  readonly found: FoundManifest
  readonly layout: Layout
  readonly file: string
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/**
 * Verifies and unpacks a bundle into `file`, read-only. The file appears only when it is complete and on the disk;
 * otherwise nothing is left. Throws `TemplateFailed`, or the signal's reason.
 */
export async function unpackTemplate(world: ImagingWorld, unpacking: Unpacking): Promise<Template> {
  const { found, layout, file, signal } = unpacking
  const { manifest } = found
  const offset = layout === 'partition' ? partitionOffset : 0
  const bytes = layout === 'file' ? manifest.size : offset + Math.ceil(manifest.size / 512) * 512
  const temporary = join(dirname(file), `${temporaryMark}${randomUUID()}`)
  try {
    checkSignature(found, world.certificatesOf(manifest.accountId))
    await checkSize(world, manifest.size, bytes)
    await withTimeLimit(world, signal, (limited) => unpack(world, unpacking, { temporary, offset, bytes }, limited))
    await rename(temporary, file)
    await syncFolder(dirname(file))
    return { file, bytes }
  } catch (error) {
    await rm(temporary, { force: true })
    throw failure(error)
  }
}

async function unpack(
  { objects, cloudPrivateKey }: ImagingWorld,
  { found, onProgress }: Unpacking,
  { temporary, offset, bytes }: { temporary: string; offset: number; bytes: number },
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = found
  const privateKey = await cloudPrivateKey()
  const { cloudKey, cloudIv } = manifest.encrypted
  const secret = { key: unwrap(cloudKey, privateKey), iv: unwrap(cloudIv, privateKey) }
  const folder = found.key.slice(0, found.key.lastIndexOf('/') + 1)
  const openPart = ({ filename }: ManifestPart) => readPart(objects, found.bucket, folder + filename, signal)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await unbundle(manifest, { secret, open: openPart, signal }, (image) =>
      writeSparse(handle, { offset, length: bytes, onBytes: (done) => onProgress(done, manifest.size) }, image),
    )
    await handle.chmod(0o400)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readPart(objects: BundleSource, bucket: string, key: string, signal: AbortSignal) {
  const part = await objects.read(bucket, key)
  if (part === 'missing') throw new TemplateFailed(`The part ${bucket}/${key} does not exist`)
  if (part === 'denied')
    throw new TemplateFailed(`The part ${bucket}/${key} may not be read: its ACL lacks aws-exec-read`)
  return addAbortSignal(signal, part.body)
}

/**
 * Eucalyptus stores the signature and never looks at it; here a signature must be by a certificate of the account that
 * the manifest names. Unsigned manifests, and those of accounts that have no certificate to compare with, pass.
 */
function checkSignature(
  { manifest, text }: { manifest: Manifest; text: string },
  certificates: readonly string[],
): void {
  const { signature, accountId } = manifest
  if (signature === undefined || certificates.length === 0) return
  const signed = signedText(text)
  if (certificates.some((certificate) => verify(signed, signature, certificate))) return
  throw new TemplateFailed(`The manifest's signature was made with no certificate of account ${accountId}`)
}

async function checkSize({ folder, limits }: ImagingWorld, imageSize: number, fileSize: number): Promise<void> {
  if (imageSize > limits.largestImage) {
    throw new TemplateFailed(`The image has ${imageSize} bytes, more than the ${limits.largestImage} that are allowed`)
  }
  const { bavail, bsize } = await statfs(folder)
  const usable = Math.floor(bavail * bsize * 0.9)
  if (fileSize > usable) {
    throw new TemplateFailed(`The image needs ${fileSize} bytes of disk, but only ${usable} may be used`)
  }
}

/** Runs work under a signal that is aborted with `signal`, or when the time is over. */
async function withTimeLimit(
  { clock, limits }: ImagingWorld,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const tooLong = new AbortController()
  const done = new AbortController()
  const seconds = Math.ceil(limits.unpackMilliseconds / 1000)
  const timer = clock.sleep(limits.unpackMilliseconds, done.signal).then(
    () => tooLong.abort(new TemplateFailed(`Unpacking the image took longer than ${seconds} seconds`)),
    () => undefined, // the work was done first
  )
  try {
    await work(AbortSignal.any([signal, tooLong.signal]))
  } finally {
    done.abort()
    await timer
  }
}

/** Refused bundles and errors of the disk become reasons; an abort and our own bugs stay what they are. */
function failure(error: unknown): unknown {
  if (error instanceof BundleRefused) return new TemplateFailed(sentence(error.message), { cause: error })
  if (!(error instanceof Error && 'syscall' in error)) return error
  return new TemplateFailed(`The image cannot be unpacked: ${error.message}`, { cause: error })
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
