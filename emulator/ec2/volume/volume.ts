import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { Draft } from '../../state/store.ts'
import type { Table } from '../../state/table.ts'
import { fault } from '../faults.ts'

export type VolumeState = 'creating' | 'available' | 'in-use' | 'deleting' | 'deleted' | 'failed'
export type VolumeEvent = 'made' | 'broke' | 'attach' | 'detach' | 'delete' | 'gone'

/** eucalyptus-behaviour.md section 7.1. A volume made for an instance is attached while it is still being created. */
export const volumeLife: Life<VolumeState, VolumeEvent> = {
  creating: { on: { made: 'available', attach: 'in-use', delete: 'deleting', broke: 'failed' } },
  available: { on: { attach: 'in-use', delete: 'deleting' } },
  'in-use': { on: { detach: 'available', delete: 'deleting' } },
  deleting: { on: { gone: 'deleted' } },
  // It has no disk that would have to go.
  failed: { shows: 'error', on: { delete: 'deleted' } },
  deleted: { on: {} },
}

/** A volume's place in an instance. */
export interface Attachment {
  readonly instanceId: string
  /** As it was asked for, such as `/dev/sdf`; the guest names it by itself. */
  readonly device: string
  readonly state: 'attaching' | 'attached' | 'detaching' | 'detaching_failed'
  readonly attachedAt: string
  readonly deleteOnTermination: boolean
  /** It is there since the launch: the root, or a block device mapping (numbered for its serial); else plugged later. */
  readonly atLaunch?: number
}

/** A volume: it lives on its own, comes empty or from a snapshot, and outlives instances. */
export interface VolumeRecord {
  readonly id: string
  readonly ownerId: string
  readonly state: VolumeState
  /** GiB. */
  readonly size: number
  readonly snapshotId?: string
  readonly zone: string
  readonly createdAt: string
  readonly deletedAt?: string
  /** As it was asked for; Eucalyptus calls each `standard`. */
  readonly type?: string
  readonly clientToken?: string
  /** AWS: what ModifyVolumeAttribute said. */
  readonly autoEnableIO?: boolean
  /** False until its disk file is made: a start of the emulator makes it again. */
  readonly made: boolean
  readonly attachment?: Attachment
}

/** Names a volume's drive in a machine: 16 characters at most, so of a long id only the end. */
export const driveIdOf = (volumeId: string): string => `v${volumeId.slice('vol-'.length).slice(-15)}`

/** A device name without its folder: `/dev/sdf` and `sdf` are the same device. */
export const bareDevice = (device: string): string => device.replace(/^\/dev\//, '')

const syntax = /^vol-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

/** A volume id in lower case. Throws the fault for what is not one. */
export function volumeId(id: string): string {
  const lower = id.toLowerCase()
  if (!syntax.test(lower)) throw fault('volumeIdMalformed', id)
  return lower
}

/** Deleted volumes stay in Eucalyptus' answers for that long, in ms. */
const shownAfterDeletion = 60 * 60_000

/** Whether describes still show a volume. */
export const isVolumeShown = ({ deletedAt }: VolumeRecord, now: Date): boolean =>
  deletedAt === undefined || now.getTime() - Date.parse(deletedAt) < shownAfterDeletion

/**
 * The volume of that id, of the caller's account or for an administrator of any, within a change or outside. Throws the
 * faults for what is no volume id or no volume of theirs.
 */
export function findVolume(
  cloud: Cloud,
  volumes: Pick<Table<VolumeRecord>, 'get'>,
  id: string,
  caller: Caller,
): VolumeRecord {
  const volume = volumes.get(volumeId(id))
  const mine = volume && (volume.ownerId === caller.accountId || caller.administrator)
  if (!mine || !isVolumeShown(volume, cloud.clock.now())) throw fault('volumeNotFound', id)
  return volume
}

/**
 * Moves a volume along its life, within a change; what detaches or deletes it takes its attachment away. Throws
 * IllegalMove.
 */
export function moveVolume(
  cloud: Cloud,
  draft: Draft,
  volume: VolumeRecord,
  event: VolumeEvent,
  also: Partial<VolumeRecord> = {},
): VolumeRecord {
  const { attachment, ...rest } = volume
  const keeps = attachment && event !== 'detach' && event !== 'delete'
  const moved = { ...rest, ...(keeps && { attachment }), ...also, state: move(volumeLife, volume.state, event) }
  cloud.volumes.in(draft).put(moved)
  return moved
}

/** Removes, within a change, the records of volumes that no answer shows any more. */
export function forgetDeleted(cloud: Cloud, draft: Draft): void {
  const volumes = cloud.volumes.in(draft)
  const now = cloud.clock.now()
  for (const volume of volumes.list()) if (!isVolumeShown(volume, now)) volumes.remove(volume.id)
}
