import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DiskLayer } from './layer.ts'
import { clusterBytes, createQcow2 } from './qcow2.ts'
import { openDisk } from './read-disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-read-disk-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function contents(layer: DiskLayer): Promise<Buffer> {
  const disk = await openDisk(layer)
  try {
    const all = await buffer(disk.stream())
    expect(disk.bytes).toBe(all.length)
    return all
  } finally {
    await disk.close()
  }
}

/** A disk of zeros with bytes at some places. */
function picture(bytes: number, ...at: [offset: number, data: Buffer][]): Buffer {
  const all = Buffer.alloc(bytes)
  for (const [offset, data] of at) data.copy(all, offset)
  return all
}

async function qcow2(name: string, bytes: number, backing: DiskLayer | null, ...at: [number, Buffer][]) {
  const file = join(folder, name)
  const extents = at.map(([offset, data]) => ({ offset, data }))
  await createQcow2({ path: file, bytes, extents, ...(backing && { backing }) })
  return { format: 'qcow2', file, backing } as const
}

async function raw(name: string, data: Buffer) {
  await writeFile(join(folder, name), data)
  return { format: 'raw', file: join(folder, name) } as const
}

const text = (character: string, length: number) => Buffer.alloc(length, character)
const mega = 2 ** 20

test.each([0, 1, 512, mega, mega + 5])('a raw file of %i bytes is itself', async (bytes) => {
  expect((await contents(await raw('disk', text('a', bytes)))).equals(text('a', bytes))).toBe(true)
})

test('what an overlay does not hold shows through, and behind its backing there are zeros', async () => {
  const beneath = await raw('beneath', text('b', 100_000))
  const middle = await qcow2('middle', 3 * mega, beneath, [clusterBytes, text('m', 10)])
  const top = await qcow2('top', 5 * mega, middle, [2 * mega, text('t', clusterBytes + 7)])
  const expected = picture(
    5 * mega,
    [0, text('b', 100_000)],
    // A cluster is the overlay's as a whole.
    [clusterBytes, picture(clusterBytes, [0, text('m', 10)])],
    [2 * mega, text('t', clusterBytes + 7)],
  )
  expect((await contents(top)).equals(expected)).toBe(true)
})

test('a disk of many tables is read up to its odd end', async () => {
  const bytes = 1024 * mega + 512
  const disk = await openDisk(await qcow2('disk', bytes, null, [1024 * mega, text('e', 512)]))
  let [seen, last] = [0, Buffer.alloc(0)]
  for await (const piece of disk.stream()) {
    seen += piece.length
    last = Buffer.from(piece)
  }
  await disk.close()
  expect([seen, last.toString()]).toEqual([bytes, text('e', 512).toString()])
})

/** Changes bytes of a file: those of its header, or of the entry for the first cluster of the disk. */
async function patch(file: string, at: number | 'entry', change: (bytes: Buffer) => void): Promise<void> {
  const handle = await open(file, 'r+')
  const bytes = Buffer.alloc(8)
  const follow = async (place: number) => {
    await handle.read(bytes, 0, 8, place)
    return Number(bytes.readBigUInt64BE() & 0x00ff_ffff_ffff_fe00n)
  }
  const place = at === 'entry' ? await follow(await follow(40)) : at
  await handle.read(bytes, 0, 8, place)
  change(bytes)
  await handle.write(bytes, 0, 8, place)
  await handle.close()
}

test('a cluster that is marked as zeros hides what is beneath', async () => {
  const beneath = await raw('beneath', text('b', 2 * clusterBytes))
  const top = await qcow2('top', 2 * clusterBytes, beneath, [0, text('t', clusterBytes)])
  await patch(top.file, 'entry', (entry) => entry.writeUInt8(1, 7))
  expect((await contents(top)).equals(picture(2 * clusterBytes, [clusterBytes, text('b', clusterBytes)]))).toBe(true)
})

describe('what no machine here makes is refused:', () => {
  test.each<[string, number | 'entry', (bytes: Buffer) => void, string]>([
    ['another format', 0, (bytes) => bytes.write('COWD'), 'no plain qcow2'],
    ['another version', 0, (bytes) => bytes.writeUInt32BE(2, 4), 'no plain qcow2'],
    ['encryption', 32, (bytes) => bytes.writeUInt32BE(1), 'no plain qcow2'],
    ['data in another file', 72, (bytes) => bytes.writeUInt8(4, 7), 'no plain qcow2'],
    ['clusters of no size', 16, (bytes) => bytes.writeUInt32BE(40, 4), 'no plain qcow2'],
    ['tables that are too short', 32, (bytes) => bytes.writeUInt32BE(0, 4), 'too short'],
    ['compression', 'entry', (bytes) => bytes.writeUInt8(0x40, 0), 'compressed'],
  ])('%s', async (_, at, change, message) => {
    const disk = await qcow2('disk', mega, null, [0, text('d', 10)])
    await patch(disk.file, at, change)
    await expect(contents(disk)).rejects.toThrow(message)
  })

  test('a file that is not there', async () => {
    const layer = { format: 'qcow2', file: join(folder, 'none'), backing: await raw('beneath', text('b', 10)) } as const
    await expect(openDisk(layer)).rejects.toThrow('ENOENT')
  })
})
