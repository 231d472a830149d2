import type { Source } from './bytes.ts'

/** Blocks of a file that lie side by side: number in the file, number on the disk, how many. */
export interface BlockRun {
  readonly logical: number
  readonly physical: number
  readonly count: number
}

interface Mapped {
  readonly flags: number
  readonly map: Buffer
}

const [usesExtents, inlineData] = [0x80000, 0x1000_0000]
const deepest = 5
/** So many tables of a file are followed; more only a damaged one has. */
const mostTables = 4_000

/** The blocks of a file in order, by its extents or by the older indirect blocks. Holes are left out. */
export async function* blockRuns(source: Source, inode: Mapped, blockBytes: number): AsyncGenerator<BlockRun> {
  const reading = { source, blockBytes, budget: { tables: mostTables }, end: { logical: 0 } }
  if (inode.flags & inlineData) return
  if (inode.flags & usesExtents) yield* extents(reading, inode.map, deepest)
  else yield* indirect(reading, inode.map)
}

interface Reading {
  readonly source: Source
  readonly blockBytes: number
  readonly budget: { tables: number }
  /** Runs go on: one that goes back is damage, and would make a file without end. */
  readonly end: { logical: number }
}

async function table({ source, blockBytes, budget }: Reading, block: number): Promise<Buffer | undefined> {
  budget.tables--
  return budget.tables < 0 ? undefined : source.at(block * blockBytes, blockBytes)
}

function* forward({ end }: Reading, run: BlockRun): Generator<BlockRun> {
  if (run.logical < end.logical || run.count === 0) return
  end.logical = run.logical + run.count
  if (run.physical !== 0) yield run
}

async function* extents(reading: Reading, node: Buffer, depth: number): AsyncGenerator<BlockRun> {
  if (node.readUInt16LE(0) !== 0xf30a || depth < 0) return
  const isLeaf = node.readUInt16LE(6) === 0
  const count = Math.min(node.readUInt16LE(2), Math.floor(node.length / 12) - 1)
  for (let index = 1; index <= count; index++) {
    const entry = node.subarray(index * 12, index * 12 + 12)
    if (isLeaf) {
      // Longer than 2^15: given to the file but not written yet, which reads as zeros.
      const length = entry.readUInt16LE(4)
      const [isWritten, physical] = [length <= 32_768, entry.readUInt16LE(6) * 2 ** 32 + entry.readUInt32LE(8)]
      const blocks = isWritten ? length : length - 32_768
      yield* forward(reading, { logical: entry.readUInt32LE(0), physical: isWritten ? physical : 0, count: blocks })
    } else {
      const below = await table(reading, entry.readUInt16LE(8) * 2 ** 32 + entry.readUInt32LE(4))
      if (below) yield* extents(reading, below, depth - 1)
    }
  }
}

/** Twelve blocks, then one table, a table of tables, and a table of those. */
async function* indirect(reading: Reading, map: Buffer): AsyncGenerator<BlockRun> {
  for (let index = 0; index < 12; index++) {
    yield* forward(reading, { logical: index, physical: map.readUInt32LE(index * 4), count: 1 })
  }
  const perTable = reading.blockBytes / 4
  let start = 12
  for (let level = 1; level <= 3; level++) {
    yield* below(reading, map.readUInt32LE((11 + level) * 4), level, start)
    start += perTable ** level
  }
}

async function* below(reading: Reading, block: number, level: number, start: number): AsyncGenerator<BlockRun> {
  const entries = block === 0 ? undefined : await table(reading, block)
  if (!entries) return
  const each = (reading.blockBytes / 4) ** (level - 1)
  for (let index = 0; index < entries.length / 4; index++) {
    const physical = entries.readUInt32LE(index * 4)
    const logical = start + index * each
    if (level === 1) yield* forward(reading, { logical, physical, count: 1 })
    else yield* below(reading, physical, level - 1, logical)
  }
}
