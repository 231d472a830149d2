import type { Cloud } from '../../cloud.ts'
import { findImage } from '../image/image.ts'
import { drive, isExpected, sentence, waitUntil } from './drive.ts'
import { deliver } from './export-target.ts'
import { type ExportTaskRecord, exportLife, moveExport } from './export-task.ts'
import { ImportRefused } from './import-manifest.ts'

/** How long the copy of an instance's root may take, in ms. */
const longestCopy = 180 * 60_000

/** Has an export task of AWS go on from the state that it is in. */
export function startExport(cloud: Cloud, id: string): void {
  const theTask = () => {
    const task = cloud.exportTasks.get(id)
    if (!task) throw new Error(`the task ${id} does not exist`)
    return task
  }
  drive(cloud, {
    id,
    state: () => cloud.exportTasks.get(id)?.state,
    steps: {
      active: async (signal) => {
        if (theTask().instanceId !== undefined) await copyRoot(cloud, theTask(), signal)
        await cloud.conversions.inTurn(() => exportDisk(cloud, theTask(), signal))
        await dropCopy(cloud, theTask())
        await cloud.store.change((draft) => moveExport(cloud, draft, id, 'done', { message: 'completed' }))
      },
      cancelling: async () => {
        const task = theTask()
        await undo(cloud, task)
        await cloud.store.change((draft) => moveExport(cloud, draft, id, 'cleaned', { message: task.message }))
      },
    },
    async fail(error) {
      const task = theTask()
      if (exportLife[task.state].on.broke === undefined) return
      await undo(cloud, task)
      const message = isExpected(error) ? `ClientError: ${sentence(error)}` : 'ServerError: the export failed'
      await cloud.store.change((draft) => moveExport(cloud, draft, id, 'broke', { message }))
    },
  })
}

/** Copies the root of an instance, which may run; a copy that the end of the emulator broke off is made again. */
async function copyRoot(
  cloud: Cloud,
  { id, instanceId, ownerId }: ExportTaskRecord,
  signal: AbortSignal,
): Promise<void> {
  const stateOf = () => {
    const snapshotId = cloud.exportTasks.get(id)?.snapshotId
    return snapshotId === undefined ? undefined : cloud.snapshots.get(snapshotId)?.state
  }
  if (stateOf() === undefined || stateOf() === 'failed') {
    const snapshotId = await cloud.store.change((draft) => {
      const volume = cloud.volumes
        .in(draft)
        .list()
        .find(({ attachment }) => attachment?.instanceId === instanceId && attachment?.atLaunch === 0)
      const tasks = cloud.exportTasks.in(draft)
      const task = tasks.get(id)
      if (!volume || !task) throw new ImportRefused(`${instanceId} has no root volume`)
      if (task.snapshotId !== undefined) cloud.snapshots.in(draft).remove(task.snapshotId)
      const snapshot = { id: cloud.ids.resource('snap'), ownerId, volumeId: volume.id, volumeSize: volume.size }
      const startedAt = cloud.clock.now().toISOString()
      const description = `Created by AWS-VMExport service for ${id}`
      cloud.snapshots.in(draft).put({ ...snapshot, state: 'pending', startedAt, description })
      tasks.put({ ...task, snapshotId: snapshot.id, message: 'copying' })
      return snapshot.id
    })
    cloud.disks.snapshot(snapshotId)
  }
  const deadline = cloud.clock.now().getTime() + longestCopy
  await waitUntil(cloud, () => stateOf() !== 'pending', deadline, signal)
  if (stateOf() !== 'completed') throw new ImportRefused(`the disk of ${instanceId} could not be copied`)
}

async function exportDisk(cloud: Cloud, task: ExportTaskRecord, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const image = task.imageId === undefined ? undefined : findImage(cloud.images, task.imageId)
  const { location, manifestSha256 } = image ?? {}
  if (location !== undefined && manifestSha256 !== undefined) {
    const template = await cloud.imaging.template({ location, manifestSha256, layout: 'disk' }, { signal })
    return write(cloud, task, { format: 'raw', file: template.file }, template.bytes, signal)
  }
  const snapshotId = task.snapshotId ?? image?.mappings?.[0]?.snapshotId
  const snapshot = snapshotId === undefined ? undefined : cloud.snapshots.get(snapshotId)
  if (!snapshot) throw new ImportRefused(`${task.imageId ?? task.instanceId} has no disk any more`)
  // Nobody sees this volume; it has the snapshot's bytes at no cost.
  const volumeId = cloud.ids.resource('vol')
  const bytes = snapshot.volumeSize * 2 ** 30
  try {
    await cloud.storage.createVolume({ id: volumeId, bytes, snapshotId: snapshot.id })
    await write(cloud, task, await cloud.storage.volumeLayer(volumeId), bytes, signal)
  } finally {
    await cloud.storage.deleteVolume(volumeId)
  }
}

type Source = Parameters<Cloud['conversions']['exportDisk']>[0]['source']

const write = (cloud: Cloud, task: ExportTaskRecord, source: Source, bytes: number, signal: AbortSignal) =>
  cloud.conversions.exportDisk({
    ...{ name: task.id, format: task.format, source, bytes, signal },
    deliver: (body) => deliver(cloud, task, body),
  })

/** The copy of an instance's root is nobody's once it is delivered. */
async function dropCopy(cloud: Cloud, { snapshotId }: ExportTaskRecord): Promise<void> {
  if (snapshotId === undefined) return
  await cloud.store.change((draft) => cloud.snapshots.in(draft).remove(snapshotId))
  cloud.disks.removeSnapshot(snapshotId)
}

/** Removes the copy and, if it was delivered before the task was cancelled, the file. */
async function undo(cloud: Cloud, task: ExportTaskRecord): Promise<void> {
  await dropCopy(cloud, task)
  if (await cloud.objects.findBucket(task.bucket)) await cloud.objects.deleteObject(task.bucket, task.key)
}
