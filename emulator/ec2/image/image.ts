import type { Caller } from '../../../src/protocol/operation.ts'
import type { Life } from '../../state/life.ts'
import type { Table } from '../../state/table.ts'
import { imageSpellings, isImageId } from '../ids.ts'
import type { Tag } from '../tag/tags.ts'

export type ImageState = 'pending' | 'available' | 'failed' | 'deregistered' | 'deleted'
export type ImageEvent = 'made' | 'broke' | 'deregister'

/**
 * A registered image is available at once, one that is made of an instance or of another image when its snapshots are
 * complete. Deregistered once, an image is hidden but its record stays for the instances that use it; twice, or when it has
 * failed, it is gone (2.5).
 */
export const imageLife: Life<ImageState, ImageEvent> = {
  pending: { on: { made: 'available', broke: 'failed', deregister: 'deregistered' } },
  available: { on: { deregister: 'deregistered' } },
  failed: { on: { deregister: 'deleted' } },
  deregistered: { on: { deregister: 'deleted' } },
  deleted: { on: {} },
}

/** A device of an EBS image: a volume from a snapshot or an empty one, or an ephemeral disk. */
export interface ImageMapping {
  readonly deviceName: string
  readonly snapshotId?: string
  /** GiB. */
  readonly size?: number
  readonly deleteOnTermination: boolean
  /** `ephemeral0` … `ephemeral3`. */
  readonly virtualName?: string
}

/** What a pending image is made of. */
export type ImageSource =
  | {
      /** CreateImage: of the volumes that the instance has when its turn comes. */
      readonly instanceId: string
      readonly reboot: boolean
      /** What the request says of devices: those left out, and those that are mapped beside the volumes. */
      readonly suppressed: readonly string[]
      readonly added: readonly ImageMapping[]
      /** What AWS lets a request say of the volumes that are there. */
      readonly changed: readonly (Pick<ImageMapping, 'deviceName'> & Partial<ImageMapping>)[]
    }
  /** CopyImage. */
  | { readonly imageId: string }

/** A registered image: machine (EMI), kernel (EKI) or ramdisk (ERI). */
export interface ImageRecord {
  readonly id: string
  readonly ownerId: string
  readonly kind: 'machine' | 'kernel' | 'ramdisk'
  readonly state: ImageState
  readonly name: string
  readonly description?: string
  readonly createdAt: string
  readonly public: boolean
  /** Accounts that may see and run it, beside its owner's, in the order in which they were named. */
  readonly permissions?: readonly string[]
  readonly productCodes?: readonly string[]
  /** Until it is made. */
  readonly source?: ImageSource
  /** Until it is made: its snapshots, and the tags that they are to have. */
  readonly snapshotIds?: readonly string[]
  readonly snapshotTags?: readonly Tag[]
  /** Why it has failed. */
  readonly failure?: string
  /** AWS: from when on it is shown only to its owner and to those who ask for it. */
  readonly deprecatedAt?: string
  /** AWS: as it was registered. */
  readonly bootMode?: BootMode
  readonly clientToken?: string
  readonly deregisteredAt?: string
  readonly architecture: string
  readonly platform?: 'windows'
  /** Instance-store: `bucket/key` of the manifest. EBS: `account/name`. */
  readonly location: string
  /** Instance-store: the SHA-256 of the manifest's text when it was registered. */
  readonly manifestSha256?: string
  /** Bytes of the unpacked image, or of the root volume. */
  readonly size: number
  /** EBS only: what a launch maps, the root first. Its presence makes the image EBS-backed. */
  readonly mappings?: readonly ImageMapping[]
  /** Machine images only. */
  readonly virtualization?: 'hvm' | 'paravirtual'
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly rootDeviceName?: string
  /** The manifest's `root` mapping: what a paravirtual kernel is told as `root=` (6.3). */
  readonly rootDirective?: string
}

/** How AWS names what an image starts by. `uefi-preferred`: by UEFI where there is one, else by the BIOS. */
export type BootMode = 'legacy-bios' | 'uefi' | 'uefi-preferred'

/** The image of that id, in either spelling. */
export function findImage(images: Pick<Table<ImageRecord>, 'get'>, id: string): ImageRecord | undefined {
  if (!isImageId(id)) return undefined
  const [eucalyptus, aws] = imageSpellings(id)
  return images.get(eucalyptus) ?? images.get(aws)
}

/** Whether the caller may see and run an image: public, one's own, shared with one's account, or as administrator (2.4). */
export const mayUse = (image: ImageRecord, { accountId, administrator }: Caller): boolean =>
  image.public || image.ownerId === accountId || administrator || image.permissions?.includes(accountId) === true

/** A pending image whose bundle is being copied: it has a source, and is no EBS image. */
export const isBundleCopy = ({ source, mappings }: ImageRecord): boolean =>
  source !== undefined && 'imageId' in source && mappings === undefined

/** The snapshots that an image, which is there or to come, is made of. */
export const snapshotsOf = ({ mappings = [], source }: ImageRecord): string[] =>
  [...mappings, ...(source && 'added' in source ? source.added : [])].flatMap(({ snapshotId }) => snapshotId ?? [])

/** Whether an image has been registered, or is going to be: it is listed, and its name is taken. */
export const isShown = ({ state }: ImageRecord): boolean => ['pending', 'available', 'failed'].includes(state)
