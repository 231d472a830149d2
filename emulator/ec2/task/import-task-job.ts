import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import DeregisterImage from '../image/DeregisterImage.ts'
import RegisterImage from '../image/RegisterImage.ts'
import DeleteSnapshot from '../snapshot/DeleteSnapshot.ts'
import { drive, isExpected, sentence } from './drive.ts'
import { ImportRefused } from './import-manifest.ts'
import { diskFormat, openSource } from './import-source.ts'
import { type ImportTaskDisk, type ImportTaskRecord, importLife, moveImport } from './import-task.ts'
import { importName } from './import-task-view.ts'
import { imagesOf } from './instantiate.ts'
import { onBehalf, unlessRefused } from './on-behalf.ts'

/** The volume that AWS names for snapshots that come from none. */
const noVolume = 'vol-ffffffff'
const largestGiB = 16_384

/** Has an import task of AWS go on from the state that it is in. */
export function startImport(cloud: Cloud, id: string): void {
  const theTask = () => {
    const task = cloud.importTasks.get(id)
    if (!task) throw new Error(`the task ${id} does not exist`)
    return task
  }
  drive(cloud, {
    id,
    state: () => cloud.importTasks.get(id)?.state,
    steps: {
      active: (signal) => cloud.conversions.inTurn(() => work(cloud, theTask(), signal)),
      deleting: async () => {
        const task = theTask()
        await undo(cloud, task)
        await cloud.store.change((draft) => moveImport(cloud, draft, id, 'cleaned', { message: task.message }))
      },
    },
    async fail(error) {
      const task = theTask()
      if (importLife[task.state].on.broke === undefined) return
      await undo(cloud, task)
      const message = isExpected(error) ? `ClientError: ${sentence(error)}` : 'ServerError: the import failed'
      await cloud.store.change((draft) => moveImport(cloud, draft, id, 'broke', { message }))
    },
  })
}

const callerOf = (cloud: Cloud, { ownerId, accessKeyId }: ImportTaskRecord): Caller => ({
  accountId: ownerId,
  accessKeyId,
  administrator: cloud.accounts.byId(ownerId)?.administrator ?? false,
})

async function work(cloud: Cloud, task: ImportTaskRecord, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await note(cloud, task.id, { message: 'converting' })
  const disks = await importDisks(cloud, task, signal)
  if (!task.image) return
  await note(cloud, task.id, { message: 'preparing ami' })
  const imageId = await register(cloud, { ...task, disks }, task.image)
  signal.throwIfAborted()
  await cloud.store.change((draft) => moveImport(cloud, draft, task.id, 'done', { imageId, message: 'completed' }))
}

/** Changes what a task says of itself, not its state; nothing when it is gone. */
async function note(cloud: Cloud, id: string, what: Partial<ImportTaskRecord>): Promise<void> {
  await cloud.store.change((draft) => {
    const tasks = cloud.importTasks.in(draft)
    const task = tasks.get(id)
    if (task) tasks.put({ ...task, ...what })
  })
}

/** Makes the snapshots that are not there yet, and only when all are whole their records. */
async function importDisks(cloud: Cloud, task: ImportTaskRecord, signal: AbortSignal): Promise<ImportTaskDisk[]> {
  const made: { disk: ImportTaskDisk; gib: number }[] = []
  const disks: ImportTaskDisk[] = []
  try {
    for (const [index, disk] of task.disks.entries()) {
      if (disk.snapshotId !== undefined) {
        disks.push(disk)
        continue
      }
      const whole = { ...disk, snapshotId: cloud.ids.resource('snap') }
      made.push({ disk: whole, gib: 0 })
      const gib = await importDisk(cloud, task, index, whole, signal)
      made.splice(-1, 1, { disk: whole, gib })
      disks.push(whole)
    }
    if (made.length) await cloud.store.change((draft) => keepSnapshots(cloud, draft, task, disks, made))
    return disks
  } catch (error) {
    for (const { disk } of made) await cloud.storage.deleteSnapshot(disk.snapshotId ?? '')
    throw error
  }
}

/** Resolves with the size of the snapshot in GiB. */
async function importDisk(
  cloud: Cloud,
  task: ImportTaskRecord,
  index: number,
  disk: ImportTaskDisk & { readonly snapshotId: string },
  signal: AbortSignal,
): Promise<number> {
  const found = await openSource(cloud, { accountId: task.ownerId }, disk)
  if (typeof found === 'string') throw new ImportRefused(`the disk image cannot be read: ${found}`)
  let gib = 0
  try {
    await cloud.conversions.importDisk({
      name: importName(task, index),
      format: diskFormat(disk),
      fileBytes: found.record.data.size,
      stream: found.body(),
      target: cloud.storage.snapshotTarget(disk.snapshotId),
      diskBytes: (held) => {
        gib = Math.max(1, Math.ceil(held / 2 ** 30))
        if (gib > largestGiB) throw new ImportRefused(`the disk of ${held} bytes is larger than any volume`)
        return gib * 2 ** 30
      },
      signal,
    })
  } finally {
    found.close()
  }
  await cloud.storage.adoptSnapshot(disk.snapshotId)
  return gib
}

function keepSnapshots(
  cloud: Cloud,
  draft: Draft,
  { id, ownerId, image }: ImportTaskRecord,
  disks: readonly ImportTaskDisk[],
  made: readonly { disk: ImportTaskDisk; gib: number }[],
): void {
  const startedAt = cloud.clock.now().toISOString()
  const description = `Created by AWS-VMImport service for ${id}`
  for (const { disk, gib } of made) {
    const record = { id: disk.snapshotId ?? '', ownerId, volumeId: noVolume, volumeSize: gib, startedAt, description }
    cloud.snapshots.in(draft).put({ ...record, state: 'completed' })
  }
  if (!image) return void moveImport(cloud, draft, id, 'done', { disks, message: 'completed' })
  const tasks = cloud.importTasks.in(draft)
  const task = tasks.get(id)
  // Cancelled by now: what was made goes with the change.
  if (task?.state !== 'active') throw new ImportRefused(`${id} is not active any more`)
  tasks.put({ ...task, disks })
}

/** The image that bears the task's name: one that was registered before the emulator ended is found again. */
async function register(
  cloud: Cloud,
  task: ImportTaskRecord,
  { architecture, platform, bootMode }: NonNullable<ImportTaskRecord['image']>,
): Promise<string> {
  const earlier = imagesOf(cloud, task.disks).find(({ name }) => name === task.id)
  if (earlier) return earlier.id
  const mappings = task.disks.flatMap(({ deviceName, snapshotId }, index) => {
    const prefix = `BlockDeviceMapping.${index + 1}`
    return [
      [`${prefix}.DeviceName`, deviceName],
      [`${prefix}.Ebs.SnapshotId`, snapshotId],
    ]
  })
  const { imageId } = await onBehalf(cloud, callerOf(cloud, task), RegisterImage, {
    Name: task.id,
    Description: `AWS-VMImport service: ${platform}`,
    Architecture: architecture,
    VirtualizationType: 'hvm',
    Platform: platform === 'Windows' ? 'windows' : undefined,
    RootDeviceName: task.disks[0]?.deviceName,
    BootMode: bootMode,
    ...Object.fromEntries(mappings),
  })
  return String(imageId)
}

/** Removes what an unfinished task has made that others can see; a snapshot that was given stays. */
async function undo(cloud: Cloud, task: ImportTaskRecord): Promise<void> {
  const caller = callerOf(cloud, task)
  const images = imagesOf(cloud, task.disks).filter(({ name }) => name === task.id)
  for (const { id: ImageId } of images) await unlessRefused(() => onBehalf(cloud, caller, DeregisterImage, { ImageId }))
  for (const { snapshotId, format } of task.disks) {
    if (snapshotId === undefined || format === undefined) continue
    await unlessRefused(() => onBehalf(cloud, caller, DeleteSnapshot, { SnapshotId: snapshotId }))
  }
}
