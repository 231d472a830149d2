import { openDisk, type ReadableDisk } from '../disk/read-disk.ts'
import { type BundleEvent, type BundleTaskRecord, isUnderWay, moveTask } from '../ec2/task/bundle-task.ts'
import { UploadRefused } from '../imaging/bundling.ts'
import type { Host } from './host.ts'
import { shutDown, switchOn } from './launch.ts'
import { machineSpec } from './spec.ts'
import { breakable } from './under-way.ts'

/** Why a task did not come to its end, as AWS tells it. */
type Failure = NonNullable<BundleTaskRecord['error']>

const cancelled: Failure = { code: 'Client.Cancelled', message: 'The bundle task was cancelled.' }
const brokenOff: Failure = { code: 'Server.InternalError', message: 'The instance did not stay up to be bundled.' }
const hostFailed: Failure = { code: 'Server.InternalError', message: 'The host of the instance went down.' }

function failureOf(error: unknown): Failure {
  if (error instanceof UploadRefused) return { code: `Client.${error.code}`, message: error.message }
  return { code: 'Server.InternalError', message: error instanceof Error ? error.message : String(error) }
}

/**
 * Bundles the disk of an instance while it is down, and starts it again, whatever became of that (eucalyptus-behaviour.md
 * section 3.5). What the stop of the emulator breaks off is settled at the next start.
 */
export async function bundleInstance(host: Host, id: string, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  const instanceId = cloud.bundleTasks.get(id)?.instanceId
  if (instanceId === undefined) return
  await host.inTurn.run(instanceId, async () => {
    if (stopping.aborted) return
    const running = host.running.get(instanceId)
    const isUp = running && cloud.instances.get(instanceId)?.state === 'running'
    if (!isUp || !(await advance(host, id, 'begin'))) return settle(host, id, brokenOff)
    try {
      await breakable(host, instanceId, stopping, async (signal) => {
        running.endExpected = true
        await shutDown(host, running.machine, cloud.settings.shutdownGrace, signal)
        if (!signal.aborted) await store(host, id, signal)
      })
      if (!stopping.aborted) await settle(host, id, brokenOff)
    } finally {
      if (!stopping.aborted) await switchOn(host, instanceId, stopping)
    }
  })
}

/** Breaks off the bundling of a task that is to be cancelled. */
export function cancelBundling({ bundling }: Host, id: string): void {
  bundling.get(id)?.abort(new Error(`${id} is cancelled`))
}

/** At a start: what the end of the emulator broke off has failed, and nothing is left of it. Its instance boots as any. */
export async function bundlingUp(host: Host): Promise<void> {
  for (const { id } of host.cloud.bundleTasks.list()) await settle(host, id, hostFailed)
}

/** Moves a task on, unless it is to be cancelled or over; whether it moved. */
function advance({ cloud }: Host, id: string, event: BundleEvent): Promise<boolean> {
  return cloud.store.change((draft) => {
    const task = cloud.bundleTasks.in(draft).get(id)
    if (!task || !isUnderWay(task) || task.state === 'canceling') return false
    moveTask(cloud, draft, id, event, event === 'stored' ? { progress: 100 } : {})
    return true
  })
}

/** Bundles and uploads, and settles the task; rejects only when that cannot be. */
async function store(host: Host, id: string, signal: AbortSignal): Promise<void> {
  if (!(await advance(host, id, 'down'))) return settle(host, id, cancelled)
  const unwanted = new AbortController()
  host.bundling.set(id, unwanted)
  try {
    await upload(host, id, AbortSignal.any([signal, unwanted.signal]))
    if (!(await advance(host, id, 'stored'))) await settle(host, id, cancelled)
  } catch (error) {
    // Whoever broke it off settles it.
    if (signal.aborted) return
    if (!unwanted.signal.aborted) console.error(`bundle ${id}:`, error)
    await settle(host, id, failureOf(error))
  } finally {
    host.bundling.delete(id)
  }
}

/** Ends a task that is under way, and removes what it has uploaded: all with its prefix, and a bucket that is empty then. */
async function settle({ cloud }: Host, id: string, failure: Failure): Promise<void> {
  const task = cloud.bundleTasks.get(id)
  if (!task || !isUnderWay(task)) return
  await cloud.bundling.remove(task.uploaderId, task.bucket, task.prefix)
  await cloud.store.change((draft) => {
    const state = cloud.bundleTasks.in(draft).get(id)?.state
    moveTask(cloud, draft, id, 'broke', { error: state === 'canceling' ? cancelled : failure })
  })
}

async function upload(host: Host, id: string, signal: AbortSignal): Promise<void> {
  const { cloud } = host
  const task = cloud.bundleTasks.get(id)
  const instance = task && cloud.instances.get(task.instanceId)
  if (!instance) throw new Error(`the instance of ${id} is gone`)
  const [root] = (await machineSpec(cloud, instance)).drives
  if (!root) throw new Error(`${instance.id} has no disk`)
  const disk = await openDisk(root)
  const { kernelId, ramdiskId, platform } = instance
  const { accessKeyId, uploadPolicy: policy, uploadPolicySignature: signature, securityToken } = task
  try {
    await cloud.bundling.bundle({
      disk: counted(host, id, disk),
      bytes: disk.bytes,
      accountId: instance.ownerId,
      architecture: instance.architecture,
      // The node names them only together, and never for Windows (handlers_default.c).
      ...(kernelId && ramdiskId && platform !== 'windows' && { kernelId, ramdiskId }),
      bucket: task.bucket,
      prefix: task.prefix,
      upload: { accessKeyId, policy, signature, ...(securityToken !== undefined && { securityToken }) },
      signal,
    })
  } finally {
    await disk.close()
  }
}

/** The bytes of a disk, with each whole percent of them noted in the task. */
async function* counted({ cloud }: Host, id: string, disk: ReadableDisk): AsyncGenerator<Uint8Array> {
  let [done, noted] = [0, 0]
  for await (const piece of disk.stream()) {
    yield piece
    done += piece.length
    const progress = Math.floor((done * 100) / disk.bytes)
    if (progress === noted) continue
    noted = progress
    await cloud.store.change((draft) => {
      const tasks = cloud.bundleTasks.in(draft)
      const task = tasks.get(id)
      if (task?.state === 'storing') tasks.put({ ...task, progress, updatedAt: cloud.clock.now().toISOString() })
    })
  }
}
