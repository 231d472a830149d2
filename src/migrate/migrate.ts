import { randomBytes } from 'node:crypto'
import { bundle, type PartSet } from '../bundle/bundler.ts'
import type { ManifestDescription } from '../bundle/manifest-writer.ts'
import { uploadManifest } from '../client/bundle-image.ts'
import type { OnProgress } from '../client/bundle-parts.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { unbundleFrom } from '../client/unbundle-image.ts'
import { openUploader, type Uploader, type UploadTarget } from '../client/upload.ts'
import { text } from '../client/xml.ts'
import type { Move, Plan } from './plan.ts'
import { MigrationRefused } from './refused.ts'
import type { SourceImage } from './source-image.ts'

/** The target of a migration and what goes with the bundles there. */
export interface MigrationTarget {
  readonly cloud: CloudAccess
  readonly bucket: string
  readonly accountId: string
  /** PEM; bundles are encrypted for it. */
  readonly cloudCertificate: string
  readonly userCertificate?: string
  readonly userPrivateKey?: string
}

/** What a migration is told besides. */
interface MigrationOptions {
  /** PEM: what opens the bundles at the source. */
  readonly privateKeys: readonly string[]
  readonly signal: AbortSignal
  /** Hears of each image's bytes. */
  readonly progress: (move: Move) => { readonly update: OnProgress; finish(): void }
  /** Sees the bytes of each image as they pass. */
  readonly watch: (move: Move, image: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
  /** Hears of what could not be undone. */
  readonly warn: (message: string) => void
}

/** An image that has arrived. */
export interface Moved {
  readonly from: string
  readonly id: string
  readonly name: string
  readonly location: string
}

/**
 * Moves images by a plan: each is downloaded, verified, unpacked, bundled for the target, uploaded and registered, as one
 * stream without a copy on the disk. When anything fails, all that was made at the target is undone, the last thing
 * first. Throws that failure.
 */
export async function migrate(plan: Plan, target: MigrationTarget, options: MigrationOptions): Promise<Moved[]> {
  const { cloud, bucket } = target
  const objects = cloud.objects({ retries: 2, signal: options.signal })
  // Undoing goes on when the signal is aborted.
  const uploader = await openUploader({ s3: { ...objects, removeObject: cloud.objects().removeObject }, bucket })
  const undo = [{ what: `objects of ${bucket}`, run: uploader.remove }]
  const moved: Moved[] = []
  const ids: { kernel?: string; ramdisk?: string } = { ...plan }
  try {
    for (const move of plan.moves) {
      const location = await moveBundle(move, target, { uploader, ids }, options)
      options.signal.throwIfAborted()
      const id = await register(move, target, location, ids)
      undo.unshift({ what: id, run: async () => void (await cloud.ec2.call('DeregisterImage', { ImageId: id })) })
      moved.push({ from: move.source.id, id, name: move.name, location })
      if (move.source.kind !== 'machine') ids[move.source.kind] = id
      options.signal.throwIfAborted()
    }
  } catch (error) {
    for (const { what, run } of undo) {
      await run().catch((reason) => options.warn(`${what} could not be removed again from ${cloud.name}: ${reason}`))
    }
    throw error
  }
  return moved
}

/** Downloads, verifies and unpacks an image without moving it: `watch` sees what would move. Throws as `migrate` does. */
export async function readThrough(
  move: Move,
  { privateKeys, signal, progress, watch }: Omit<MigrationOptions, 'warn'>,
): Promise<void> {
  const bar = progress(move)
  await unbundleFrom(move.source.bundle, { privateKeys, signal, onProgress: bar.update }, async (image) => {
    for await (const _ of watch(move, image));
  }).finally(bar.finish)
}

interface Underway {
  readonly uploader: Uploader
  /** Kernel and ramdisk at the target. */
  readonly ids: { readonly kernel?: string; readonly ramdisk?: string }
}

/** The manifest goes up when the whole of the source's bundle is verified, so that nobody registers what was not. */
async function moveBundle(
  move: Move,
  target: MigrationTarget,
  { uploader, ids }: Underway,
  { privateKeys, signal, progress, watch }: MigrationOptions,
): Promise<string> {
  const { source, name } = move
  const { manifest } = source.bundle
  // Different images may have names that are the same in a key: only chance keeps their bundles apart.
  const key = `${name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 80)}-${randomBytes(8).toString('hex')}`
  const bar = progress(move)
  let set: PartSet | undefined
  await unbundleFrom(source.bundle, { privateKeys, signal, onProgress: bar.update }, async (image) => {
    const options = { name: key, size: manifest.size, signal }
    set = await bundle(watch(move, image), options, ({ filename, bytes }) => uploader.put(filename, bytes))
  }).finally(bar.finish)
  if (!set) throw new MigrationRefused(`the bundle of ${source.id} has no image`)
  const { bucket, cloud, ...certificates } = target
  const place: UploadTarget = { s3: cloud.objects(), bucket }
  const described = { ...descriptionOf(source, ids), ...certificates, ...place }
  return (await uploadManifest(uploader, set, described)).location
}

function descriptionOf(
  source: SourceImage,
  ids: Underway['ids'],
): Omit<ManifestDescription, 'accountId' | 'cloudCertificate'> {
  const { kind, architecture, bundle } = source
  const { blockDeviceMapping, productCodes } = bundle.manifest
  return {
    kind,
    architecture,
    productCodes,
    blockDeviceMapping: Object.fromEntries(blockDeviceMapping.map(({ virtual, device }) => [virtual, device])),
    ...(kind === 'machine' && ids.kernel !== undefined && { kernelId: ids.kernel }),
    ...(kind === 'machine' && ids.ramdisk !== undefined && { ramdiskId: ids.ramdisk }),
  }
}

async function register(
  { source, name }: Move,
  { cloud }: MigrationTarget,
  location: string,
  ids: Underway['ids'],
): Promise<string> {
  const { kind, architecture, description, virtualization, platform, bootMode } = source
  const machine = {
    VirtualizationType: virtualization,
    Platform: platform,
    BootMode: bootMode,
    KernelId: ids.kernel,
    RamdiskId: ids.ramdisk,
  }
  const answer = await cloud.ec2.call('RegisterImage', {
    Name: name,
    ImageLocation: location,
    Architecture: architecture,
    Description: description,
    ...(kind === 'machine' && machine),
  })
  const id = text(answer, 'imageId')
  if (id === undefined) throw new MigrationRefused(`${cloud.name} registered ${name} but named no image`)
  return id
}
