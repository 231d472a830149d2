import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { archive } from '../bundle/tar.ts'
import { qcow2, vdi } from '../inspect/disks.harness.ts'
import { diskAmong, openDisk } from './disk-file.ts'
import { inspectImage, reportText } from './image-inspect.ts'
import { withWorkFolder } from './work-folder.ts'

let work: string
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'disk-file-'))
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(work, { recursive: true })
})

const { signal } = new AbortController()
const write = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(work, name), bytes)
  return join(work, name)
}
const inFolder = <Result>(run: (folder: string) => Promise<Result>) => withWorkFolder(work, run)
const disk = Buffer.concat([Buffer.alloc(2 ** 20), randomBytes(1000), Buffer.alloc(3 * 2 ** 20)])

/** An archive of one file. */
async function tarOf(name: string, bytes: Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of archive(
    name,
    bytes.length,
    (async function* () {
      yield bytes
    })(),
  ))
    pieces.push(piece)
  return Buffer.concat(pieces)
}

test('a raw disk is given back as it is', async () => {
  const file = await write('disk.qcow2', disk)
  const opened = await inFolder((folder) => openDisk(file, { folder, signal }))
  expect(opened).toEqual({ file, found: ['raw, a disk of 4 MiB'], format: 'raw' })
})

test.each([
  ['gzip', async () => gzipSync(disk), ['gzip']],
  [
    'gzip in members',
    async () => Buffer.concat([gzipSync(disk.subarray(0, 2 ** 20)), gzipSync(disk.subarray(2 ** 20))]),
    ['gzip'],
  ],
  ['tar', () => tarOf('disk.raw', disk), ['tar']],
  ['tar in gzip', async () => gzipSync(await tarOf('disk.raw', disk)), ['gzip', 'tar']],
])('%s is unpacked, whatever its name, and what stood between is gone', async (_what, pack, wrappings) => {
  const file = await write('image', await pack())
  await inFolder(async (folder) => {
    const opened = await openDisk(file, { folder, signal })
    expect(opened.found).toEqual([...wrappings, 'raw, a disk of 4 MiB'])
    expect((await readFile(opened.file)).equals(disk)).toBe(true)
    expect((await stat(opened.file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toHaveLength(1)
  })
  expect(await readdir(work)).toEqual(['image'])
})

const wrapped = (times: number) => Array.from({ length: times }).reduce<Buffer>((inner) => gzipSync(inner), disk)
test.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
  [
    'a qcow2 file that rests on another',
    () => qcow2([[8, 8, 300]]),
    /image \(qcow2\) is not opened: it rests on another/,
  ],
  ['one within gzip', () => gzipSync(qcow2([[8, 8, 300]])), /image \(qcow2\) is not opened: it rests on another/],
  ['gzip cut short', () => gzipSync(disk).subarray(0, 900), /image \(gzip\) is not opened: unexpected end of file/],
  ['gzip that is damaged', () => gzipSync(disk).fill(9, 500, 900), /image \(gzip\) is not opened/],
  [
    'a tar archive that is damaged',
    async () => (await tarOf('disk', disk)).fill(9, 0, 50),
    /image \(tar\) is not opened: .*damaged/,
  ],
  ['VDI that rests on another', () => vdi([[76, 4, 4]]), /image \(vdi\) is not opened: it rests on another/],
  ['QED', () => Buffer.from('QED\0'.padEnd(4096)), /image \(qed\) is not opened: the format qed, .*make a raw/],
  ['wrappings without end', () => wrapped(5), /wrapped more often/],
  ['an empty file', () => Buffer.alloc(0), /it is empty/],
])('refused, and nothing left: %s', async (_what, bytes, why) => {
  const file = await write('image', await bytes())
  await expect(inFolder((folder) => openDisk(file, { folder, signal }))).rejects.toThrow(why)
  expect(await readdir(work)).toEqual(['image'])
})

test('an interruption is told as such', async () => {
  const file = await write('image', gzipSync(disk))
  const interrupted = AbortSignal.abort(new Error('interrupted'))
  await expect(inFolder((folder) => openDisk(file, { folder, signal: interrupted }))).rejects.toThrow('interrupted')
})

describe('the disk among the files of an archive', () => {
  const member = (name: string) => ({ name, size: 1, stretches: [] })
  test.each([
    [['whatever'], 'whatever'],
    [['README', 'a/disk.img', 'vmlinuz'], 'a/disk.img'],
    [['kernel', 'x.QCOW2'], 'x.QCOW2'],
  ])('%j', (names, chosen) => expect(diskAmong(names.map(member)).name).toBe(chosen))

  test.each([
    [[], /holds no file/],
    [['a', 'b'], /the files "a", "b", and which one is the disk/],
    [['a.img', 'b.img'], /the files "a.img", "b.img"/],
  ])('%j cannot be told', (names, why) => expect(() => diskAmong(names.map(member))).toThrow(why))
})

describe('the folder of work', () => {
  test('goes with the work, and with what a killed command has left', async () => {
    const dead = join(work, 'euca-emu-work-999999999-x')
    const alive = join(work, `euca-emu-work-${process.pid}-x`)
    for (const path of [dead, alive]) await (await open(path, 'w')).close()
    expect(await inFolder((folder) => readdir(folder))).toEqual([])
    expect(await readdir(work)).toEqual([`euca-emu-work-${process.pid}-x`])
  })
})

test('a report names what was found, for a person and as JSON', async () => {
  const file = await write('disk.img.gz', gzipSync(disk))
  const report = await inspectImage(file, signal)
  expect(reportText(report, false).split('\n')).toEqual([
    `${file}: gzip, in it raw, a disk of 4 MiB`,
    'partition table: none; boots by: none',
    'advice:',
    '  - it has neither a partition table nor a file system that is known',
    '',
  ])
  expect(JSON.parse(reportText(report, true))).toEqual(JSON.parse(JSON.stringify(report)))
})
