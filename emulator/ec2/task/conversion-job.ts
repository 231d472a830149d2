import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { checkVolumeSizes } from '../volume/limits.ts'
import {
  type ConversionDisk,
  type ConversionEvent,
  type ConversionTaskRecord,
  conversionLife,
  conversionMessages,
  moveConversion,
} from './conversion.ts'
import { undoConversion } from './conversion-undo.ts'
import { diskName } from './conversion-view.ts'
import { drive, isExpected, sentence, waitUntil } from './drive.ts'
import { ImportRefused } from './import-manifest.ts'
import { manifestAt, partsOf, uploadWatch } from './import-parts.ts'
import { fileFormat } from './import-request.ts'
import { makeImportedInstance } from './imported-instance.ts'
import { instantiate } from './instantiate.ts'
import { withTimeLimit } from './time-limit.ts'

/** How long a conversion may take, and a cancellation takes in Eucalyptus (eucalyptus-behaviour.md section 4.3), in ms. */
const longestConversion = 180 * 60_000
const timedOut = 'Image conversion timed out'
const cancellation = 2 * 60_000

/** Has a conversion task go on from the state that it is in. */
export function startConversion(cloud: Cloud, id: string): void {
  const theTask = () => {
    const task = cloud.conversionTasks.get(id)
    if (!task) throw new Error(`the task ${id} does not exist`)
    return task
  }
  drive(cloud, {
    id,
    state: () => cloud.conversionTasks.get(id)?.state,
    steps: {
      new: (signal) => awaitUpload(cloud, theTask(), signal),
      pending: (signal) =>
        cloud.conversions.inTurn(async () => {
          signal.throwIfAborted()
          await step(cloud, id, 'begin', { message: conversionMessages.converting })
          await convert(cloud, theTask(), signal)
        }),
      converting: (signal) => cloud.conversions.inTurn(() => convert(cloud, theTask(), signal)),
      instantiating: (signal) =>
        cloud.settings.fidelity === 'aws'
          ? makeImportedInstance(cloud, theTask())
          : instantiate(cloud, theTask(), signal),
      cancelling: (signal) => cancel(cloud, theTask(), signal),
    },
    fail: (error) => fail(cloud, theTask(), error),
  })
}

const step = (cloud: Cloud, id: string, event: ConversionEvent, also: Parameters<typeof moveConversion>[4]) =>
  cloud.store.change((draft) => moveConversion(cloud, draft, id, event, also))

/** Waits until manifest and parts of all disks are there, or the task expires. */
async function awaitUpload(cloud: Cloud, task: ConversionTaskRecord, signal: AbortSignal): Promise<void> {
  const watches = task.disks.map(({ manifestUrl }) => uploadWatch(cloud, manifestUrl))
  const isThere = async () => {
    for (const look of watches) if (!(await look())) return false
    return true
  }
  const uploaded = await waitUntil(cloud, isThere, Date.parse(task.expiresAt), signal)
  if (uploaded) await step(cloud, task.id, 'uploaded', { message: conversionMessages.pending })
  else await step(cloud, task.id, 'cancel', { message: conversionMessages.expired })
}

/** A disk of a task as it was made: no record knows it yet. */
interface MadeDisk {
  readonly snapshotId: string
  readonly volumeId: string
}

/** Makes the disks of all volumes, and only when they are whole their records, all at once. */
async function convert(cloud: Cloud, task: ConversionTaskRecord, signal: AbortSignal): Promise<void> {
  const made: MadeDisk[] = []
  try {
    await withTimeLimit(cloud, longestConversion, signal, timedOut, async (limited) => {
      for (const index of task.disks.keys()) {
        const ids = { snapshotId: cloud.ids.resource('snap'), volumeId: volumeIdFor(cloud, task) }
        made.push(ids)
        await convertDisk(cloud, task, index, ids, limited)
      }
    })
    await cloud.store.change((draft) => keepDisks(cloud, draft, task, made))
  } catch (error) {
    for (const { volumeId, snapshotId } of made) {
      await cloud.storage.deleteVolume(volumeId)
      await cloud.storage.deleteSnapshot(snapshotId)
    }
    throw error
  }
}

/** The volume of a task bears its digits, so that one is found by the other; those of an instance have their own. */
function volumeIdFor(cloud: Cloud, { id, launch }: ConversionTaskRecord): string {
  const same = id.replace(/^import-/, '')
  return launch || cloud.volumes.get(same) ? cloud.ids.resource('vol') : same
}

async function convertDisk(
  cloud: Cloud,
  task: ConversionTaskRecord,
  index: number,
  { snapshotId, volumeId }: MadeDisk,
  signal: AbortSignal,
): Promise<void> {
  const disk = task.disks[index]
  if (!disk) throw new Error(`${task.id} has no disk ${index}`)
  const manifest = await manifestAt(cloud, disk.manifestUrl)
  if (typeof manifest === 'string') throw new ImportRefused(`The import manifest cannot be read: ${manifest}`)
  const format = fileFormat(disk)
  if (fileFormat(manifest) !== format) throw new ImportRefused(`The import manifest is of a ${manifest.format} file`)
  const bytes = disk.volumeSize * 2 ** 30
  const { storage, conversions } = cloud
  await conversions.importDisk({
    name: diskName(task, index),
    format,
    fileBytes: manifest.fileBytes,
    stream: partsOf(cloud, manifest, signal),
    target: storage.snapshotTarget(snapshotId),
    diskBytes: (held) => {
      if (held > bytes) throw new ImportRefused(`The image of ${held} bytes is larger than the volume`)
      return bytes
    },
    signal,
  })
  await storage.adoptSnapshot(snapshotId)
  await storage.createVolume({ id: volumeId, bytes, snapshotId })
  // Where nobody sees a snapshot the volume alone has its bytes.
  if (!keepsSnapshot(cloud, task)) await storage.deleteSnapshot(snapshotId)
}

/** Eucalyptus makes an image of what is imported as an instance; AWS gives the volume itself to the instance. */
const keepsSnapshot = (cloud: Cloud, { launch }: ConversionTaskRecord): boolean =>
  launch !== undefined && cloud.settings.fidelity === 'eucalyptus'

/** Makes the records of what was converted, within a change; from then on the volumes are the owner's to use. */
function keepDisks(cloud: Cloud, draft: Draft, task: ConversionTaskRecord, made: readonly MadeDisk[]): void {
  const createdAt = cloud.clock.now().toISOString()
  const { ownerId, zone, launch } = task
  checkVolumeSizes(
    cloud,
    draft,
    task.disks.map(({ volumeSize }) => volumeSize),
  )
  const keeps = keepsSnapshot(cloud, task)
  const disks: ConversionDisk[] = []
  for (const [index, { volumeId, snapshotId }] of made.entries()) {
    const disk = task.disks[index]
    if (!disk) continue
    cloud.volumes
      .in(draft)
      .put({ ...{ id: volumeId, ownerId, zone, createdAt }, state: 'available', size: disk.volumeSize, made: true })
    if (keeps) {
      const volumeSize = disk.volumeSize
      cloud.snapshots
        .in(draft)
        .put({ ...{ id: snapshotId, ownerId, volumeId, volumeSize }, state: 'completed', startedAt: createdAt })
    }
    disks.push({ ...disk, volumeId, ...(keeps && { snapshotId }) })
  }
  if (launch) moveConversion(cloud, draft, task.id, 'converted', { disks, message: conversionMessages.instantiating })
  else moveConversion(cloud, draft, task.id, 'done', { disks, message: conversionMessages.completed })
}

/** Cleans up once a task has been cancelling for its time, in AWS at once. */
async function cancel(cloud: Cloud, task: ConversionTaskRecord, signal: AbortSignal): Promise<void> {
  const wait = cloud.settings.fidelity === 'aws' ? 0 : cancellation
  await waitUntil(cloud, () => false, Date.parse(task.updatedAt) + wait, signal)
  await undoConversion(cloud, task)
  await step(cloud, task.id, 'cleaned', { message: task.message })
}

async function fail(cloud: Cloud, task: ConversionTaskRecord, error: unknown): Promise<void> {
  if (conversionLife[task.state].on.broke === undefined) return
  await undoConversion(cloud, task)
  // What is ours to mend stands in the log, with its stack.
  const reason = isExpected(error) ? sentence(error) : ''
  const isWhole = reason === timedOut || task.state === 'instantiating'
  const message = isWhole
    ? reason || 'Import task failed unexpectedly'
    : `Image conversion failed${reason && `: ${reason}`}`
  await step(cloud, task.id, 'broke', { message })
}
