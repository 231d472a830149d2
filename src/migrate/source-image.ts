import type { ImageKind } from '../bundle/manifest.ts'
import { recoverSecret } from '../bundle/secret.ts'
import { type BundlePlace, remoteBundle } from '../client/bundle-place.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { list, text, type Xml } from '../client/xml.ts'
import { MigrationRefused } from './refused.ts'

/** A registered image whose bundle was found and opens. */
export interface SourceImage {
  readonly id: string
  readonly kind: ImageKind
  readonly name: string
  readonly description?: string
  readonly architecture: string
  /** Machine images only, as what follows. */
  readonly virtualization?: string
  readonly platform?: string
  /** AWS': it starts by UEFI only. */
  readonly bootMode?: 'uefi'
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly bundle: BundlePlace
}

/**
 * Looks at an image of a cloud and at its bundle: the manifest, and whether a private key opens the first part. Throws
 * MigrationRefused for what cannot be moved, or what the cloud refuses.
 */
export async function findSource(
  from: CloudAccess,
  id: string,
  { privateKeys, signal }: { privateKeys: readonly string[]; signal: AbortSignal },
): Promise<SourceImage> {
  const answer = await from.ec2.call('DescribeImages', { ImageId: [id] })
  const [image] = list(answer, 'imagesSet')
  if (image === undefined) throw new MigrationRefused(`${from.name} has no image ${id}`)
  const has = (name: string) => text(image, name) || undefined
  const kind = kindOf(image)
  const rootDevice = has('rootDeviceType') ?? 'instance-store'
  if (kind === 'machine' && rootDevice !== 'instance-store') {
    throw new MigrationRefused(
      `${id} is an EBS image, which has no bundle: run it, bundle what it boots from there, or copy its disk as a file`,
    )
  }
  const bundle = await findBundle(from, id, has('imageLocation') ?? '', signal)
  const [first] = bundle.manifest.parts
  if (first) recoverSecret(bundle.manifest, privateKeys, await bundle.part(first))
  const optional = {
    description: has('description'),
    virtualization: has('virtualizationType'),
    platform: has('platform'),
    bootMode: has('bootMode') === 'uefi' ? ('uefi' as const) : undefined,
    kernelId: has('kernelId'),
    ramdiskId: has('ramdiskId'),
  }
  return {
    id,
    kind,
    name: has('name') ?? bundle.manifest.name,
    architecture: has('architecture') ?? bundle.manifest.architecture ?? 'x86_64',
    ...(kind === 'machine' ? present(optional) : {}),
    bundle,
  }
}

/** The fields that have a value. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

function kindOf(image: Xml): ImageKind {
  const type = text(image, 'imageType')
  return type === 'kernel' || type === 'ramdisk' ? type : 'machine'
}

async function findBundle(from: CloudAccess, id: string, location: string, signal: AbortSignal): Promise<BundlePlace> {
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(location) ?? []
  const found = bucket && key ? await remoteBundle(from.objects({ retries: 2, signal }), bucket, key) : undefined
  if (found) return found
  throw new MigrationRefused(`the bundle of ${id} is gone: there is no manifest ${location} at ${from.name}`)
}
