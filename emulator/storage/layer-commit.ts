import type { DiskLayer } from '../disk/layer.ts'
import { imageArgument, runQemuImg } from '../disk/qemu-img.ts'
import { layerWork } from './flat-copy.ts'

/** A layer whose data is to be written to the one beneath it. */
export interface CommitJob {
  /** Nobody else has this layer or the one beneath it open. */
  top: Extract<DiskLayer, { format: 'qcow2' }>
  /** Size that a guest sees of `top`, which the one beneath it has afterwards. */
  bytes: number
  signal?: AbortSignal | undefined
}

/**
 * Writes what a layer holds to the one beneath it, and leaves it as it is: seen from above nothing changes, at no moment,
 * also when it is broken off. Rejects with the reason when it cannot, or when aborted.
 */
export type LayerCommit = (job: CommitJob) => Promise<void>

/** Commits with qemu-img, which takes as long as there is data in the layer. */
export const qemuImgCommit: LayerCommit = ({ top, bytes, signal }) =>
  // -d: the layer is not emptied, as that would be no longer as it was.
  runQemuImg(['commit', '-q', '-d', imageArgument(top)], { ...layerWork, bytes, signal })
