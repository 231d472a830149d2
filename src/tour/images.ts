import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { withNonce } from '../../fixtures/nonce.ts'
import type { ImageKind } from '../bundle/manifest.ts'
import { bundleAndUpload } from '../client/bundle-image.ts'
import type { Parameters } from '../client/ec2.ts'
import { text } from '../client/xml.ts'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'

/** A registered image whose bytes hold words that no other image holds. */
export interface MarkedImage {
  readonly id: string
  /** The words, as the guest's report has them. */
  readonly nonce: string
  /** The file that was bundled. */
  readonly file: string
}

/** Calls RegisterImage and gives the image's id. Throws ServiceError. */
export async function register({ ec2 }: Tour, parameters: Parameters): Promise<string> {
  const answer = await ec2.call('RegisterImage', parameters)
  const id = text(answer, 'imageId')
  if (id === undefined) throw new ProofFailed('RegisterImage names no image', JSON.stringify(answer))
  return id
}

/** Bundles, uploads and registers one file, as any client would. */
async function add(tour: Tour, file: string, name: string, kind: ImageKind, also: Parameters): Promise<string> {
  const { s3, accountId, cloudCertificate, signal } = tour
  const architecture = 'x86_64'
  const described = { accountId, cloudCertificate, architecture, kind }
  const uploaded = await bundleAndUpload({ ...described, image: file, name, s3, bucket: 'tour', signal })
  const id = await register(tour, {
    Name: name,
    ImageLocation: uploaded.location,
    Architecture: architecture,
    ...also,
  })
  tour.say(`${id} is ${uploaded.location}: ${uploaded.parts} parts, ${(uploaded.bytes / 2 ** 20).toFixed(1)} MiB`)
  return id
}

/** A copy of an image's file with words of its own in its bytes. */
async function marked({ folder }: Tour, source: string, name: string): Promise<{ file: string; nonce: string }> {
  const [file, nonce] = [join(folder, `${name}.raw`), `tour-${randomBytes(8).toString('hex')}`]
  await withNonce(source, file, nonce)
  return { file, nonce }
}

/** Registers the starter images of both kinds, each with words of its own. */
export async function registerBoth(tour: Tour): Promise<{ hvm: MarkedImage; paravirtual: MarkedImage }> {
  const disk = await marked(tour, tour.hvm.files.disk, 'disk')
  const hvm = { ...disk, id: await add(tour, disk.file, 'disk', 'machine', { VirtualizationType: 'hvm' }) }
  const { kernel, ramdisk, root } = tour.paravirtual.files
  const KernelId = await add(tour, kernel, 'kernel', 'kernel', {})
  const RamdiskId = await add(tour, ramdisk, 'ramdisk', 'ramdisk', {})
  const copy = await marked(tour, root, 'root')
  const also = { VirtualizationType: 'paravirtual', KernelId, RamdiskId }
  return { hvm, paravirtual: { ...copy, id: await add(tour, copy.file, 'root', 'machine', also) } }
}
