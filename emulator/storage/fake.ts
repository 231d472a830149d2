import { rm } from 'node:fs/promises'
import { createQcow2 } from '../disk/qcow2.ts'
import type { FlatCopy } from './flat-copy.ts'
import type { LayerCommit } from './layer-commit.ts'

/** Copies the size alone: for a cloud whose machines boot nothing, on a host without QEMU. */
export const emptyCopy: FlatCopy = async ({ target, bytes, signal }) => {
  signal?.throwIfAborted()
  await createQcow2({ path: target, bytes })
}

/** Gives the layer beneath the size of the one above it, as neither holds anything. */
export const emptyCommit: LayerCommit = async ({ top: { backing }, bytes, signal }) => {
  signal?.throwIfAborted()
  if (!backing) throw new Error('there is no layer beneath')
  const below = backing.format === 'qcow2' && backing.backing
  await rm(backing.file)
  await createQcow2({
    path: backing.file,
    bytes,
    ...(below && { backing: { file: below.file, format: below.format } }),
  })
}
