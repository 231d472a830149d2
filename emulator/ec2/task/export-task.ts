import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { Draft } from '../../state/store.ts'
import type { Table } from '../../state/table.ts'
import { fault } from '../faults.ts'

export type ExportState = 'active' | 'completed' | 'cancelling' | 'cancelled'
export type ExportEvent = 'done' | 'cancel' | 'broke' | 'cleaned'

/** The life of AWS' export tasks (API reference, ExportTask): those that fail end as cancelled, with the reason. */
export const exportLife: Life<ExportState, ExportEvent> = {
  active: { on: { done: 'completed', cancel: 'cancelling', broke: 'cancelled' } },
  cancelling: { on: { cleaned: 'cancelled' } },
  completed: { on: {} },
  cancelled: { on: {} },
}

/** A task of ExportImage or of CreateInstanceExportTask. */
export interface ExportTaskRecord {
  readonly id: string
  readonly ownerId: string
  readonly accessKeyId: string
  readonly state: ExportState
  readonly message: string
  readonly createdAt: string
  readonly description?: string
  readonly clientToken?: string
  /** In small letters. */
  readonly format: 'raw' | 'vmdk' | 'vhd'
  readonly bucket: string
  readonly prefix: string
  /** Of the file that is delivered. */
  readonly key: string
  readonly roleName?: string
  /** Of an ExportImage. */
  readonly imageId?: string
  /** Of a CreateInstanceExportTask. */
  readonly instanceId?: string
  readonly targetEnvironment?: string
  /** Of an instance: the copy that is exported; it goes when the task is over. */
  readonly snapshotId?: string
}

/** What is asked of an export. */
export type ExportRequest = Omit<
  ExportTaskRecord,
  'id' | 'ownerId' | 'accessKeyId' | 'state' | 'message' | 'createdAt' | 'key'
>

/** Keeps a new task, within a change. The file is named by the task, as AWS does. */
export function keepExport(cloud: Cloud, draft: Draft, caller: Caller, asked: ExportRequest): ExportTaskRecord {
  const id = cloud.ids.resource(asked.imageId === undefined ? 'export-i' : 'export-ami')
  const task: ExportTaskRecord = {
    id,
    ownerId: caller.accountId,
    accessKeyId: caller.accessKeyId,
    state: 'active',
    message: 'pending',
    createdAt: cloud.clock.now().toISOString(),
    key: `${asked.prefix}${id}.${asked.format}`,
    ...asked,
  }
  cloud.exportTasks.in(draft).put(task)
  return task
}

/** The task of that id, of the caller's account or for an administrator of any. Throws the fault. */
export function findExport(tasks: Pick<Table<ExportTaskRecord>, 'get'>, id: string, caller: Caller): ExportTaskRecord {
  const task = tasks.get(id.toLowerCase())
  if (!task || !(task.ownerId === caller.accountId || caller.administrator)) throw fault('exportTaskNotFound', id)
  return task
}

/** The tasks of one kind that a describe shows: those that are asked for, or all of the caller's. Throws the fault. */
export function exportsOf(
  cloud: Cloud,
  kind: 'instance' | 'image',
  ids: readonly string[],
  caller: Caller,
): ExportTaskRecord[] {
  const named = ids.map((id) => findExport(cloud.exportTasks, id, caller))
  const all = ids.length ? named : cloud.exportTasks.list().filter(({ ownerId }) => ownerId === caller.accountId)
  return all.filter(({ imageId }) => (imageId === undefined ? 'instance' : 'image') === kind)
}

/** Moves a task along its life, within a change. Throws IllegalMove, and when the task is gone. */
export function moveExport(
  cloud: Cloud,
  draft: Draft,
  id: string,
  event: ExportEvent,
  also: Partial<ExportTaskRecord> & Pick<ExportTaskRecord, 'message'>,
): ExportTaskRecord {
  const tasks = cloud.exportTasks.in(draft)
  const task = tasks.get(id)
  if (!task) throw new Error(`the task ${id} does not exist`)
  const moved = { ...task, ...also, state: move(exportLife, task.state, event) }
  tasks.put(moved)
  return moved
}
