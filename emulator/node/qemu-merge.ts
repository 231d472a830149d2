import { basename } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { type BlockNode, layerNodes } from './block-nodes.ts'
import type { Drive } from './hypervisor.ts'
import type { Qmp } from './qmp.ts'

/** What a merge reads of its source each second, in bytes: guests want the host's disk as well. */
const mergeSpeed = 64 * 2 ** 20

/** The part of a drive that a merge changes. */
export interface LayeredDrive {
  drive: Drive
  /** The node that the device is on. */
  top: BlockNode | undefined
  /** The nodes behind the device, in the order in which they can be closed. */
  nodes: BlockNode[]
  /** Layers that are being merged. */
  merging: { stop: AbortController; over: Promise<unknown> } | undefined
}

/** Breaks off the merging of a drive's layers. Resolves when nothing of it is under way; never rejects. */
export async function stopMerging({ merging }: LayeredDrive): Promise<void> {
  merging?.stop.abort()
  await Promise.allSettled([merging?.over])
}

/** The nodes that hold disk formats, highest first, each with the one of its file. */
function layersOf({ nodes }: LayeredDrive): { format: BlockNode; file: BlockNode }[] {
  const named = new Map(nodes.map((node) => [node['node-name'], node]))
  return nodes.flatMap((format) => {
    const file = named.get(String(format['file']))
    return file ? [{ format, file }] : []
  })
}

const layerFiles = (drive: LayeredDrive): string[] =>
  layersOf(drive)
    .map(({ file }) => String(file['filename']))
    .reverse()

/** Notes what a drive rests on by now: the nodes that it has. */
function note(drive: LayeredDrive): void {
  const [top, ...below] = layersOf(drive)
  if (!top || !drive.top || drive.drive.format !== 'qcow2') return
  let backing: DiskLayer | null = null
  for (const { format, file } of below.reverse()) {
    const filename = String(file['filename'])
    backing = format.driver === 'raw' ? { format: 'raw', file: filename } : { format: 'qcow2', file: filename, backing }
  }
  drive.drive = { ...drive.drive, backing }
  drive.top = { ...drive.top, backing: below.at(-1)?.format['node-name'] ?? null }
}

/** Resolves with what became of a job when QEMU knows it no more; rejects when the connection closes first. */
function followJob(qmp: Qmp, job: string) {
  const end: { error?: string; wasCancelled: boolean } = { wasCancelled: false }
  let stop: () => void = () => undefined
  const ended = new Promise<typeof end>((resolve, reject) => {
    void qmp.closed.then(() => reject(new Error('the machine ended before its layers were merged')))
    stop = qmp.listen(({ event, data }) => {
      if (data['device'] === job) {
        if (event === 'BLOCK_JOB_CANCELLED') end.wasCancelled = true
        if (event === 'BLOCK_JOB_COMPLETED' && data['error'] !== undefined) end.error = String(data['error'])
      }
      if (event === 'JOB_STATUS_CHANGE' && data['id'] === job && data['status'] === 'null') resolve(end)
    })
  })
  ended.catch(() => undefined)
  return { ended, stop: () => stop() }
}

/** What merges take of the drives that they are of. */
interface MergeMeans {
  qmp: Qmp
  /** Opens nodes one after the other; `opened` gets them as they are to be closed. */
  open(nodes: BlockNode[], opened: BlockNode[]): Promise<void>
  close(nodes: string[]): Promise<void>
  /** The drive with this id. Throws when there is none. */
  find(id: string): LayeredDrive
  /** A number that is new within the machine. */
  next(): number
}

/** Layers to merge, by their files: `above` into `base`, deepest first. */
export interface LayersToMerge {
  base: string
  above: readonly string[]
}

/** See `Machine.mergeLayers`. */
async function commitLayers(
  drive: LayeredDrive,
  { base, above }: LayersToMerge,
  { qmp, next, close }: MergeMeans,
  signal: AbortSignal,
): Promise<boolean> {
  const job = `merge-${next()}`
  const wanted = [...above].reverse().concat(base)
  const [top, ...below] = layersOf(drive)
  const layers = below.slice(0, wanted.length)
  const [highest, lowest] = [layers[0], layers.at(-1)]
  const isThere = wanted.every((file, index) => layers[index]?.file['filename'] === file)
  if (!top || !highest || !lowest || above.length === 0 || !isThere) {
    throw new Error(`drive ${drive.drive.id} does not rest on ${wanted.join(', ')}`)
  }
  // QEMU reopens the node of a format itself, but not that of its file.
  const writable = { ...lowest.file, 'read-only': false }
  await qmp.execute('blockdev-reopen', { options: [writable] })
  drive.nodes = drive.nodes.map((node) => (node === lowest.file ? writable : node))
  const { ended, stop } = followJob(qmp, job)
  const cancel = () => void qmp.execute('job-cancel', { id: job }).catch(() => undefined)
  try {
    if (signal.aborted) return false
    await qmp.execute('block-commit', {
      'job-id': job,
      device: top.format['node-name'],
      'top-node': highest.format['node-name'],
      'base-node': lowest.format['node-name'],
      // For the header alone, which nobody goes by.
      'backing-file': basename(base),
      speed: mergeSpeed,
    })
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
    const { error, wasCancelled } = await ended
    if (error !== undefined) throw new Error(`layers of drive ${drive.drive.id} were not merged: ${error}`)
    if (wasCancelled) return false
  } finally {
    signal.removeEventListener('abort', cancel)
    stop()
  }
  const gone = layers.slice(0, -1).flatMap(({ format, file }) => [format, file])
  drive.nodes = drive.nodes.filter((node) => !gone.includes(node))
  note(drive)
  await close(gone.map((node) => node['node-name']))
  return true
}

/** See `Machine.replaceBase`. */
async function replaceLayers(drive: LayeredDrive, base: DiskLayer, means: MergeMeans): Promise<void> {
  const { qmp, open, close, next } = means
  const [top] = layersOf(drive)
  if (!top || !drive.top) throw new Error(`drive ${drive.drive.id} has no layers`)
  const name = `${drive.drive.id}-r${next()}`
  const opened: BlockNode[] = []
  try {
    await open(layerNodes(name, base, { readOnly: true, durable: drive.drive.durable }), opened)
    await qmp.execute('blockdev-reopen', { options: [{ ...drive.top, backing: name }] })
  } catch (error) {
    // The first error counts.
    await close(opened.map((node) => node['node-name'])).catch(() => undefined)
    throw error
  }
  const gone = drive.nodes.filter((node) => node !== top.format && node !== top.file)
  drive.nodes = [top.format, top.file, ...opened]
  note(drive)
  await close(gone.map((node) => node['node-name']))
}

/** Merges of the layers of a machine's drives, one at a time on each. */
export class LayerMerges {
  readonly #means: MergeMeans

  constructor(means: MergeMeans) {
    this.#means = means
  }

  /** See `Machine.layers`. */
  files(id: string): string[] {
    return layerFiles(this.#means.find(id))
  }

  /** See `Machine.mergeLayers`. */
  merge(id: string, layers: LayersToMerge, signal?: AbortSignal): Promise<boolean> {
    return this.#alone(id, (drive, stopped) => {
      const either = signal ? AbortSignal.any([signal, stopped]) : stopped
      return commitLayers(drive, layers, this.#means, either)
    })
  }

  /** See `Machine.replaceBase`. */
  replaceBase(id: string, base: DiskLayer): Promise<void> {
    return this.#alone(id, (drive) => replaceLayers(drive, base, this.#means))
  }

  /** Resolves when no layers of a drive are being merged any more, which it breaks off. Throws when there is no such drive. */
  async stop(id: string): Promise<void> {
    await stopMerging(this.#means.find(id))
  }

  async #alone<Result>(id: string, job: (drive: LayeredDrive, stopped: AbortSignal) => Promise<Result>) {
    const drive = this.#means.find(id)
    if (drive.merging) throw new Error(`layers of drive ${id} are being merged already`)
    const stop = new AbortController()
    const over = job(drive, stop.signal)
    drive.merging = { stop, over }
    try {
      return await over
    } finally {
      drive.merging = undefined
    }
  }
}
