import type { Caller } from '../../../src/protocol/operation.ts'
import type { Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { Draft } from '../../state/store.ts'
import type { Table } from '../../state/table.ts'
import { fault } from '../faults.ts'
import { type FilterTable, filtering, type filters } from '../filters.ts'

export type ImportState = 'active' | 'completed' | 'deleting' | 'deleted'
export type ImportEvent = 'done' | 'cancel' | 'broke' | 'cleaned'

/** The life of AWS' import tasks (API reference, ImportImageTask): those that fail end as deleted, with the reason. */
export const importLife: Life<ImportState, ImportEvent> = {
  active: { on: { done: 'completed', cancel: 'deleting', broke: 'deleted' } },
  deleting: { on: { cleaned: 'deleted' } },
  completed: { on: {} },
  deleted: { on: {} },
}

/** A disk of an import task: a file in Object Storage or, of an image, a snapshot that is there. */
export interface ImportTaskDisk {
  /** In small letters. */
  readonly format?: string
  readonly bucket?: string
  readonly key?: string
  /** As it was sent. */
  readonly url?: string
  readonly description?: string
  readonly deviceName?: string
  /** Bytes of the file. */
  readonly fileBytes?: number
  /** Once it is there, whole; or the one that was given. */
  readonly snapshotId?: string
}

/** A task of ImportSnapshot, which has one disk, or of ImportImage. */
export interface ImportTaskRecord {
  readonly id: string
  readonly ownerId: string
  readonly accessKeyId: string
  readonly state: ImportState
  readonly message: string
  readonly createdAt: string
  readonly description?: string
  readonly clientToken?: string
  readonly disks: readonly ImportTaskDisk[]
  /** Of an ImportImage. */
  readonly image?: {
    readonly architecture: string
    readonly platform: string
    readonly licenseType?: string
    readonly bootMode?: 'legacy-bios' | 'uefi'
  }
  readonly imageId?: string
}

/** The task that the same account asked for with the same client token before. */
export function earlierImport(
  tasks: readonly ImportTaskRecord[],
  caller: Caller,
  clientToken: string | undefined,
): ImportTaskRecord | undefined {
  if (clientToken === undefined) return undefined
  return tasks.find((task) => task.clientToken === clientToken && task.ownerId === caller.accountId)
}

/** The task of that id, of the caller's account or for an administrator of any. Throws the fault. */
export function findImport(tasks: Pick<Table<ImportTaskRecord>, 'get'>, id: string, caller: Caller): ImportTaskRecord {
  const task = tasks.get(id.toLowerCase())
  if (!task || !(task.ownerId === caller.accountId || caller.administrator)) throw fault('importTaskNotFound', id)
  return task
}

/** The tasks of one kind that a describe shows: those that are asked for, or all of the caller's. Throws the faults. */
export function importsOf(
  cloud: Cloud,
  kind: 'snapshot' | 'image',
  { ids, asked }: { ids: readonly string[]; asked: Values<{ filters: typeof filters }>['filters'] },
  caller: Caller,
): ImportTaskRecord[] {
  const named = ids.map((id) => findImport(cloud.importTasks, id, caller))
  const all = ids.length ? named : cloud.importTasks.list().filter(({ ownerId }) => ownerId === caller.accountId)
  const table: FilterTable<ImportTaskRecord> = { 'task-state': ({ state }) => [state] }
  return all.filter(({ image }) => (image ? 'image' : 'snapshot') === kind).filter(filtering(table, asked))
}

/** Keeps a new task, within a change. */
export function keepImport(
  cloud: Cloud,
  draft: Draft,
  caller: Caller,
  asked: Pick<ImportTaskRecord, 'description' | 'clientToken' | 'disks' | 'image'>,
): ImportTaskRecord {
  const task: ImportTaskRecord = {
    id: cloud.ids.resource(asked.image ? 'import-ami' : 'import-snap'),
    ownerId: caller.accountId,
    accessKeyId: caller.accessKeyId,
    state: 'active',
    message: 'pending',
    createdAt: cloud.clock.now().toISOString(),
    ...asked,
  }
  cloud.importTasks.in(draft).put(task)
  return task
}

/** Moves a task along its life, within a change. Throws IllegalMove, and when the task is gone. */
export function moveImport(
  cloud: Cloud,
  draft: Draft,
  id: string,
  event: ImportEvent,
  also: Partial<ImportTaskRecord> & Pick<ImportTaskRecord, 'message'>,
): ImportTaskRecord {
  const tasks = cloud.importTasks.in(draft)
  const task = tasks.get(id)
  if (!task) throw new Error(`the task ${id} does not exist`)
  const moved = { ...task, ...also, state: move(importLife, task.state, event) }
  tasks.put(moved)
  return moved
}
