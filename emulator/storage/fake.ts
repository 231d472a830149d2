import { createQcow2 } from '../disk/qcow2.ts'
import type { FlatCopy } from './flat-copy.ts'

/** Copies the size alone: for a cloud whose machines boot nothing, on a host without QEMU. */
export const emptyCopy: FlatCopy = async ({ target, bytes, signal }) => {
  signal?.throwIfAborted()
  await createQcow2({ path: target, bytes })
}
