import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { bundleAndUpload } from '../client/bundle-image.ts'
import { type Parameters, type QueryClient, queryClient } from '../client/ec2.ts'
import { ServiceError } from '../client/service-error.ts'
import { openUploader, type S3Access, type Uploader } from '../client/upload.ts'
import { text } from '../client/xml.ts'
import { adviceFor, whyNoHvm } from '../inspect/advice.ts'
import { adminCall, CommandFailed, type DataFolder } from './data-folder.ts'
import { type Opening, openDisk } from './disk-file.ts'
import { contentsOf } from './image-inspect.ts'
import { checkFiles, checkNames, type ImageToAdd, type Piece, piecesOf } from './image-pieces.ts'
import { progressBar } from './progress.ts'
import { withWorkFolder } from './work-folder.ts'

/** The cloud that an image is added to, as its clients see it. */
interface Place {
  readonly ec2: QueryClient
  readonly s3: S3Access
  readonly uploader: Uploader
  readonly accountId: string
  readonly cloudCertificate: string
  readonly signal: AbortSignal
}

/**
 * Bundles, uploads and registers an image through the API of the running emulator, as any client would. An HVM image is
 * one disk; a paravirtual one is a root file system, its kernel and its ramdisk, in this order. Returns the ids made. What
 * can be refused is looked at first; what is refused later, or interrupted by the signal, is undone, and bundles never
 * take the place of others.
 */
export async function addImage(
  folder: DataFolder,
  image: ImageToAdd,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ id: string; file: string }[]> {
  const { accountId } = folder
  const { access, ec2 } = clientsOf(folder)
  const pieces = piecesOf(image)
  await checkFiles(pieces)
  await checkNames(pieces, ec2)
  const cloudCertificate = await readFile(folder.cloudCertificate, 'utf8')
  const { fidelity } = await adminCall<{ fidelity: string }>(folder, 'health')
  return withWorkFolder(folder.data, async (work) => {
    const opened = await openPieces(pieces, image, fidelity === 'aws', { folder: work, signal })
    const uploader = await openBucket(access, image.bucket)
    return addAll({ ec2, s3: access, uploader, accountId, cloudCertificate, signal }, image, opened)
  })
}

/**
 * Opens the machine image's file, whatever form it is shipped in, says what is in it, and refuses what cannot boot. The
 * kernel and the ramdisk are what they are.
 */
async function openPieces(
  pieces: readonly Piece[],
  { type }: ImageToAdd,
  hasUefi: boolean,
  opening: Opening,
): Promise<Piece[]> {
  const open = async (piece: Piece): Promise<Piece> => {
    if (piece.kind !== 'machine') return piece
    const opened = await openDisk(piece.file, opening)
    const contents = await contentsOf(opened)
    const name = basename(piece.file)
    if (opened.found.length > 1) console.error(`${name}: ${opened.found.join(', in it ')}`)
    const refusal = type === 'hvm' ? whyNoHvm(contents, hasUefi) : undefined
    if (refusal !== undefined) throw new CommandFailed(`${name} cannot boot: ${refusal}`)
    for (const advice of adviceFor(contents, opened.format === 'iso' ? 'iso' : type, hasUefi))
      console.error(`${name}: ${advice}`)
    const needsUefi = type === 'hvm' && contents.firmware === 'UEFI'
    return { ...piece, bytes: opened.file, ...(needsUefi && { bootMode: 'uefi' as const }) }
  }
  return Promise.all(pieces.map(open))
}

/** Throws CommandFailed for a name that an image cannot have, or when no emulator answers. */
export const checkName = (folder: DataFolder, name: string): Promise<void> =>
  checkNames([{ name }], clientsOf(folder).ec2)

function clientsOf({ url, region, accessKeyId, secretAccessKey }: DataFolder) {
  const access = { endpoint: url, accessKeyId, secretAccessKey, region }
  const endpoint = `${url}/services/compute`
  return { access, ec2: queryClient({ ...access, endpoint, service: 'ec2', version: '2016-11-15' }) }
}

/** Throws CommandFailed with the bucket's name when the cloud refuses it. */
async function openBucket(s3: S3Access, bucket: string): Promise<Uploader> {
  try {
    return await openUploader({ s3, bucket })
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    throw new CommandFailed(`the bucket ${bucket} cannot be used: ${error.message}`, { cause: error })
  }
}

/** Adds one piece after the other; the last one names the others. When one fails, all is undone, the last thing first. */
async function addAll(place: Place, image: ImageToAdd, pieces: readonly Piece[]) {
  const undo = [{ what: `objects of ${image.bucket}`, run: place.uploader.remove }]
  const made: { id: string; file: string }[] = []
  const others: Record<string, string> = {}
  try {
    for (const piece of pieces) {
      const { file, kind, bootMode } = piece
      const mode = bootMode === undefined ? {} : { BootMode: bootMode }
      const also = kind === 'machine' ? { VirtualizationType: image.type, ...mode, ...others } : {}
      const id = await addOne(place, image, piece, also)
      undo.unshift({ what: id, run: async () => void (await place.ec2.call('DeregisterImage', { ImageId: id })) })
      made.push({ id, file })
      if (kind !== 'machine') others[kind === 'kernel' ? 'KernelId' : 'RamdiskId'] = id
      place.signal.throwIfAborted()
    }
  } catch (error) {
    // What cannot be undone is told; what is thrown is the failure that began it.
    for (const { what, run } of undo) {
      await run().catch((reason) => console.error(`${what} could not be removed again: ${reason}`))
    }
    throw error
  }
  return made
}

async function addOne(
  { ec2, s3, uploader, accountId, cloudCertificate, signal }: Place,
  { bucket, architecture }: ImageToAdd,
  { file, kind, name, bytes = file }: Piece,
  also: Parameters,
): Promise<string> {
  const bar = progressBar(basename(file))
  // Different images may have names that are the same in a key: only chance keeps their bundles apart.
  const key = `${name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 80)}-${randomBytes(8).toString('hex')}`
  const described = { kind, architecture, accountId, cloudCertificate }
  const target = { s3, bucket, name: key }
  const { location } = await bundleAndUpload(
    { ...described, ...target, image: bytes, onProgress: bar.update, signal },
    uploader,
  ).finally(bar.finish)
  signal.throwIfAborted()
  const registration = { Name: name, ImageLocation: location, Architecture: architecture, ...also }
  const id = text(await ec2.call('RegisterImage', registration), 'imageId')
  if (id === undefined) throw new CommandFailed(`the cloud registered ${file} but named no image`)
  return id
}
