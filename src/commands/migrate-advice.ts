import { createReadStream } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copiedSparse } from '../bundle/sparse-file.ts'
import { adviceFor } from '../inspect/advice.ts'
import { readerOf } from '../inspect/bytes.ts'
import { inspectContents } from '../inspect/disk.ts'
import { ramdiskContents } from '../inspect/initrd.ts'
import type { Move } from '../migrate/plan.ts'
import { decompressed } from './decompress.ts'
import { sizeText } from './progress.ts'
import { withWorkFolder } from './work-folder.ts'

/** Looks into the images of a migration as they pass: an inspector reads here and there, so it needs a copy. */
export interface Adviser {
  /** The same stream, of which a copy is kept where there is room for one. */
  watch(move: Move, image: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** What is worth saying of an image that has passed: a sentence each without full stop; none when all looks well. */
  advice(move: Move): Promise<string[]>
}

/** Gives work an adviser; the copies, in the folder for temporary files, are gone when it is over. */
export const withAdviser = <Result>(work: (adviser: Adviser) => Promise<Result>): Promise<Result> =>
  withWorkFolder(tmpdir(), (folder) => work(adviserIn(folder)))

function adviserIn(folder: string): Adviser {
  const copies = new Set<string>()
  const copyOf = ({ source }: Move) => join(folder, source.id)
  return {
    async *watch(move, image) {
      if (move.source.kind === 'kernel' || !(await hasRoom(folder, move))) return yield* image
      const file = await open(copyOf(move), 'wx')
      try {
        yield* copiedSparse(file, image)
      } finally {
        await file.close()
      }
      copies.add(move.source.id)
    },
    async advice(move) {
      const { kind, id, bundle } = move.source
      if (kind === 'kernel') return []
      if (copies.has(id)) return kind === 'ramdisk' ? ramdiskAdvice(copyOf(move)) : diskAdvice(move, copyOf(move))
      const size = sizeText(bundle.manifest.size)
      return [`it was not looked into: ${tmpdir()} has no room for a copy of ${size} (TMPDIR names another folder)`]
    },
  }
}

/** A migration is not to fail for want of room for something that it can do without. */
async function hasRoom(folder: string, { source }: Move): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return source.bundle.manifest.size < bavail * bsize * 0.9
}

async function diskAdvice({ source }: Move, path: string): Promise<string[]> {
  const disk = await open(path)
  try {
    const contents = await inspectContents(readerOf(disk), (await disk.stat()).size, decompressed)
    const as = source.virtualization === 'paravirtual' ? 'paravirtual' : 'hvm'
    // One that starts by UEFI is moved to where there is such a thing, or refused there.
    return adviceFor(contents, as, source.bootMode === 'uefi')
  } finally {
    await disk.close()
  }
}

/** A ramdisk of another hypervisor's guests has the drivers of that. */
async function ramdiskAdvice(path: string): Promise<string[]> {
  const { modules, unread } = await ramdiskContents(createReadStream(path), decompressed)
  if (unread !== undefined) return [`whether it has virtio_blk could not be told: ${unread}`]
  const lacks = ['virtio_blk', 'virtio_pci', 'virtio_net'].filter((module) => !modules.has(module))
  if (lacks.length === 0) return []
  return [`it has no ${lacks.join(', ')}: unless its kernel has that built in, guests find no disk or network here`]
}
