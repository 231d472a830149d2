import { writeFile } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { imageArgument, runQemuImg } from '../disk/qemu-img.ts'

/** A copy to make: what `source` shows, as one qcow2 file of its own at `target`. */
export interface CopyJob {
  source: DiskLayer
  /** Must not exist; what a failure leaves there is the caller's to remove. */
  target: string
  /** Size that a guest sees, from which the limits of the work follow. */
  bytes: number
  signal?: AbortSignal | undefined
}

/** Makes flat copies of disks that no machine writes to. Rejects with the reason when it cannot, or when aborted. */
export type FlatCopy = (job: CopyJob) => Promise<void>

/** What working on the layers of snapshots may take: of a file without compression, one the size of the disk. */
export const layerWork = { pace: 16, growth: 1.01, purpose: 'snapshots' } as const

/** Copies with qemu-img, which takes as long as there is data, not as the disk is large. */
export const qemuImgCopy: FlatCopy = async ({ source, target, bytes, signal }) => {
  // qemu-img keeps the mode of a file that is there, and would let everybody read one that it makes.
  await writeFile(target, '', { flag: 'wx', mode: 0o600 })
  await runQemuImg(['convert', '-O', 'qcow2', imageArgument(source), target], { ...layerWork, bytes, signal })
}
