import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { Draft } from '../../state/store.ts'

export type ConversionState =
  | 'new'
  | 'pending'
  | 'converting'
  | 'instantiating'
  | 'completed'
  | 'cancelling'
  | 'cancelled'
  | 'failed'
export type ConversionEvent = 'uploaded' | 'begin' | 'converted' | 'done' | 'cancel' | 'cleaned' | 'broke'

/**
 * The life of a conversion task, ImportTaskState.java (eucalyptus-behaviour.md section 4.3): one that failed shows as
 * cancelled. A task keeps its state through a restart of the emulator, and what it stands for is begun again.
 */
export const conversionLife: Life<ConversionState, ConversionEvent> = {
  new: { shows: 'active', on: { uploaded: 'pending', cancel: 'cancelling', broke: 'failed' } },
  pending: { shows: 'active', on: { begin: 'converting', cancel: 'cancelling', broke: 'failed' } },
  converting: {
    shows: 'active',
    on: { converted: 'instantiating', done: 'completed', cancel: 'cancelling', broke: 'failed' },
  },
  instantiating: { shows: 'active', on: { done: 'completed', cancel: 'cancelling', broke: 'failed' } },
  completed: { on: {} },
  cancelling: { on: { cleaned: 'cancelled' } },
  cancelled: { on: {} },
  failed: { shows: 'cancelled', on: {} },
}

/** What a task says of its states; those of an end have a message of their own. */
export const conversionMessages = {
  new: 'Pending import-image upload',
  pending: 'Pending conversion',
  converting: 'Converting images',
  instantiating: 'Launching instance',
  completed: 'Import task finished successfully',
  cancelled: 'Cancelled by user',
  expired: 'Import task is expired',
} as const

/** A disk file of a task and what becomes of it. */
export interface ConversionDisk {
  /** As it was sent. */
  readonly format: string
  /** Bytes of the disk, as the client says. */
  readonly bytes: number
  /** As it was sent: clients find the bucket and the key in it. */
  readonly manifestUrl: string
  /** GiB. */
  readonly volumeSize: number
  readonly description?: string
  /** Once it is there, whole. */
  readonly volumeId?: string
  /** Of an instance only: what its image is made from. */
  readonly snapshotId?: string
}

/** The instance that a task is to launch. */
export interface ConversionLaunch {
  readonly platform: string
  readonly architecture: string
  readonly instanceType: string
  readonly keyName?: string
  readonly groupNames: readonly string[]
  readonly groupIds: readonly string[]
  /** base64. */
  readonly userData?: string
  readonly monitoring: boolean
  readonly shutdownBehavior?: string
}

/** A task of ImportVolume, which has one disk, or of ImportInstance. */
export interface ConversionTaskRecord {
  readonly id: string
  readonly ownerId: string
  readonly accessKeyId: string
  readonly state: ConversionState
  readonly message: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string
  readonly description?: string
  readonly zone: string
  readonly disks: readonly ConversionDisk[]
  /** Of an ImportInstance. */
  readonly launch?: ConversionLaunch
  readonly imageId?: string
  readonly instanceId?: string
}

/** A task waits a week for its parts (section 4.3), and is forgotten a day after its end. */
const waits = 7 * 24 * 60 * 60_000
const remembered = 24 * 60 * 60_000

/** The account that a task works for. */
export function conversionCaller(cloud: Cloud, { ownerId, accessKeyId }: ConversionTaskRecord): Caller {
  return { accountId: ownerId, accessKeyId, administrator: cloud.accounts.byId(ownerId)?.administrator ?? false }
}

/** Whether describes still show a task. In AWS they all stay here: they say which instances were imported. */
export function isRemembered(cloud: Cloud, { state, updatedAt }: ConversionTaskRecord): boolean {
  if (cloud.settings.fidelity === 'aws') return true
  const isOver = Object.keys(conversionLife[state].on).length === 0
  return !isOver || cloud.clock.now().getTime() - Date.parse(updatedAt) < remembered
}

/** Keeps a new task, within a change, and forgets those that no answer shows any more. */
export function keepConversion(
  cloud: Cloud,
  draft: Draft,
  caller: Caller,
  asked: Pick<ConversionTaskRecord, 'zone' | 'disks' | 'description' | 'launch'>,
): ConversionTaskRecord {
  const tasks = cloud.conversionTasks.in(draft)
  for (const old of tasks.list()) if (!isRemembered(cloud, old)) tasks.remove(old.id)
  const now = cloud.clock.now()
  const task: ConversionTaskRecord = {
    id: cloud.ids.resource(asked.launch ? 'import-i' : 'import-vol'),
    ownerId: caller.accountId,
    accessKeyId: caller.accessKeyId,
    state: 'new',
    message: conversionMessages.new,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + waits).toISOString(),
    ...asked,
  }
  tasks.put(task)
  return task
}

/** Moves a task along its life, within a change. Throws IllegalMove, and when the task is gone. */
export function moveConversion(
  cloud: Cloud,
  draft: Draft,
  id: string,
  event: ConversionEvent,
  also: Partial<ConversionTaskRecord> & Pick<ConversionTaskRecord, 'message'>,
): ConversionTaskRecord {
  const tasks = cloud.conversionTasks.in(draft)
  const task = tasks.get(id)
  if (!task) throw new Error(`the task ${id} does not exist`)
  const updatedAt = cloud.clock.now().toISOString()
  const moved = { ...task, ...also, updatedAt, state: move(conversionLife, task.state, event) }
  tasks.put(moved)
  return moved
}
