import { rm } from 'node:fs/promises'
import { createQcow2 } from '../disk/qcow2.ts'
import { diskBytes } from '../disk/size.ts'
import type { Clock } from '../state/clock.ts'
import { syncFile } from '../state/files.ts'
import { layerNodes } from './block-nodes.ts'
import type { SnapshotOptions, SnapshotRequest } from './hypervisor.ts'
import type { QemuDrives } from './qemu-drives.ts'
import type { Qmp } from './qmp.ts'

/** Time between two looks at how far a copy is, in ms. */
const progressInterval = 250

/** What a copy is made with. `name` is unique within the machine and names the target's nodes and the jobs. */
export interface SnapshotMeans extends SnapshotOptions {
  name: string
  qmp: Qmp
  drives: QemuDrives
  clock: Clock
}

/** What came of the jobs of a transaction: the first error, or that they were cancelled, or nothing. */
interface JobsEnd {
  error?: string
  wasCancelled: boolean
}

/**
 * Follows jobs from before they start. `ended` resolves when none is left and rejects when the connection closes first;
 * `stop` takes the listener off.
 */
function followJobs(qmp: Qmp, jobs: readonly string[]) {
  const left = new Set(jobs)
  const end: JobsEnd = { wasCancelled: false }
  let finish: (end: JobsEnd) => void = () => undefined
  const ended = new Promise<JobsEnd>((resolve, reject) => {
    finish = resolve
    void qmp.closed.then(() => reject(new Error('the machine ended before the copy was complete')))
  })
  // Told to whoever waits; before the jobs have started nobody does.
  ended.catch(() => undefined)
  const stop = qmp.listen(({ event, data }) => {
    if (left.has(String(data['device']))) {
      if (event === 'BLOCK_JOB_COMPLETED' && data['error'] !== undefined) end.error ??= String(data['error'])
      if (event === 'BLOCK_JOB_CANCELLED') end.wasCancelled = true
    }
    // `null` is the state of a job that is no more, and that keeps no node any longer.
    if (event === 'JOB_STATUS_CHANGE' && data['status'] === 'null' && left.delete(String(data['id']))) {
      if (left.size === 0) finish(end)
    }
  })
  return { ended, stop }
}

/** A job as `query-jobs` tells of it, in bytes. */
interface Progress {
  id: string
  'current-progress': number
  'total-progress': number
}

/** Reports how far this snapshot's jobs are until `ended` settles. */
async function report(ended: Promise<unknown>, means: SnapshotMeans): Promise<void> {
  const { name, qmp, clock, onProgress } = means
  const over = new AbortController()
  let isOver = false
  const end = () => {
    isOver = true
  }
  const settled = ended.then(end, end)
  while (onProgress && !isOver) {
    await Promise.race([settled, clock.sleep(progressInterval, over.signal)])
    if (isOver) break
    const all = (await qmp.execute('query-jobs')) as Progress[]
    const jobs = all.filter(({ id }) => id.startsWith(`${name}-`))
    const sum = (key: 'current-progress' | 'total-progress') => jobs.reduce((total, job) => total + job[key], 0)
    onProgress(sum('current-progress'), sum('total-progress'))
  }
  over.abort()
}

/** Starts one job for each target, all at one instant, and waits for their end. */
async function copy(pairs: { job: string; driveId: string }[], means: SnapshotMeans, taken: () => void): Promise<void> {
  const { qmp, signal } = means
  const jobs = followJobs(
    qmp,
    pairs.map(({ job }) => job),
  )
  const cancel = () => void qmp.execute('job-cancel', { id: pairs[0]?.job }).catch(() => undefined)
  try {
    const actions = pairs.map(({ job, driveId }) => ({
      type: 'blockdev-backup',
      data: { 'job-id': job, device: means.drives.nodeOf(driveId), target: job, sync: 'full' },
    }))
    await qmp.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } })
    taken()
    signal?.addEventListener('abort', cancel)
    if (signal?.aborted) cancel()
    await report(jobs.ended, means)
    const { error, wasCancelled } = await jobs.ended
    signal?.throwIfAborted()
    if (error !== undefined || wasCancelled) throw new Error(`the copy failed: ${error ?? 'cancelled'}`)
  } finally {
    signal?.removeEventListener('abort', cancel)
    jobs.stop()
  }
}

/**
 * Copies drives of a running QEMU by backup jobs: what the guest is about to overwrite is copied first. Calls `taken` when
 * the instant is over; resolves when the copies are on disk. Leaves no target when it rejects.
 */
export async function copyDrives(
  requests: readonly SnapshotRequest[],
  means: SnapshotMeans,
  taken: () => void,
): Promise<void> {
  const { name, qmp, drives, signal } = means
  if (requests.length === 0) throw new RangeError('a snapshot is of one drive at least')
  const pairs = requests.map(({ driveId, target }, index) => ({ driveId, target, job: `${name}-${index}` }))
  const files: string[] = []
  let total = 0
  const nodes: string[] = []
  const close = async () => {
    for (const node of nodes) await qmp.execute('blockdev-del', { 'node-name': node })
  }
  try {
    for (const { driveId, target, job } of pairs) {
      signal?.throwIfAborted()
      // QEMU copies no drive whose layers it merges.
      await drives.merges.stop(driveId)
      const bytes = await diskBytes(drives.get(driveId))
      await createQcow2({ path: target, bytes })
      files.push(target)
      total += bytes
      const layer = { format: 'qcow2', file: target, backing: null } as const
      // Not durable while it grows: it counts only when it is complete, and is then synchronized as a whole.
      for (const node of layerNodes(job, layer, { readOnly: false, durable: false })) {
        await qmp.execute('blockdev-add', node)
        nodes.unshift(node['node-name'])
      }
    }
    await copy(pairs, means, taken)
    await close()
    for (const file of files) await syncFile(file)
    means.onProgress?.(total, total)
  } catch (error) {
    // The first error counts: with the connection closed the nodes are gone as well.
    await close().catch(() => undefined)
    for (const file of files) await rm(file, { force: true })
    throw error
  }
}
