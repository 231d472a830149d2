import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runQemuImg } from '../disk/qemu-img.ts'
import { type Conversions, openConversions } from './convert.ts'
import { type DiskFileFormat, qemuImgConvert } from './convert-tool.ts'

/** Disk files of every format pass through the real tool, and hostile ones do not come so far. */
const MiB = 2 ** 20
let folder: string
let conversions: Conversions
const signal = new AbortController().signal
const image = Buffer.concat([randomBytes(300_000), Buffer.alloc(5 * MiB), randomBytes(200_704)])

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'convert,a:b-'))
  conversions = await openConversions({ folder: join(folder, 'work') })
  await writeFile(join(folder, 'image.raw'), image)
})
afterEach(() => rm(folder, { recursive: true }))

async function* once(bytes: Buffer) {
  yield bytes
}

const bringIn = (format: DiskFileFormat, bytes: Buffer, diskBytes: (held: number) => number = () => 8 * MiB) =>
  conversions.importDisk({
    ...{ name: 'task', format, signal, diskBytes },
    ...{ fileBytes: bytes.length, stream: once(bytes), target: join(folder, 'disk.qcow2') },
  })

/** Makes a file of the image with qemu-img and gives its bytes. */
async function made(driver: string, options: string[] = []): Promise<Buffer> {
  const file = join(folder, `made.${driver}`)
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', driver, ...options, join(folder, 'image.raw'), file])
  return readFile(file)
}

const leftovers = async () => (await readdir(folder)).filter((name) => name === 'disk.qcow2')

describe('in', () => {
  test.each<[DiskFileFormat, string, string[]]>([
    ['raw', 'raw', []],
    ['vmdk', 'vmdk', ['-o', 'subformat=streamOptimized']],
    ['vmdk', 'vmdk', ['-o', 'subformat=monolithicSparse']],
    ['vhd', 'vpc', ['-o', 'subformat=dynamic,force_size=on']],
    ['vhd', 'vpc', ['-o', 'subformat=fixed,force_size=on']],
    ['vhdx', 'vhdx', []],
    ['qcow2', 'qcow2', []],
    ['qcow2', 'qcow2', ['-c']],
  ])('%s, made as %s %j: every byte, in a disk of the size that is wanted', async (format, driver, options) => {
    const held = await bringIn(format, await made(driver, options))
    expect(held).toBeGreaterThanOrEqual(image.length)
    const back = join(folder, 'back.raw')
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', `file:${join(folder, 'disk.qcow2')}`, back])
    expect((await readFile(back)).equals(Buffer.concat([image, Buffer.alloc(8 * MiB - image.length)]))).toBe(true)
    expect((await stat(join(folder, 'disk.qcow2'))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'work'))).toEqual([])
  })
})

/**
 * A fixed VHD as Virtual PC makes it: its geometry is of fewer bytes than its disk has, as cylinders are whole. Who reads
 * it by the geometry loses its end.
 */
function virtualPcDisk(disk: Buffer): Buffer {
  const footer = Buffer.alloc(512)
  footer.write('conectix', 0, 'latin1')
  for (const [at, value] of [
    [8, 2],
    [12, 0x10000],
    [60, 2],
  ] as const)
    footer.writeUInt32BE(value, at)
  footer.writeBigUInt64BE(0xffff_ffff_ffff_ffffn, 16)
  footer.write('vpc ', 28, 'latin1')
  for (const at of [40, 48]) footer.writeBigUInt64BE(BigInt(disk.length), at)
  const [heads, sectors] = [4, 17]
  footer.writeUInt16BE(Math.floor(disk.length / (heads * sectors * 512)), 56)
  footer.set([heads, sectors], 58)
  footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64)
  return Buffer.concat([disk, footer])
}

test('a VHD is as large as it says, not as its geometry', async () => {
  const disk = Buffer.concat([Buffer.alloc(5 * MiB), randomBytes(MiB)])
  const file = join(folder, 'virtual-pc.vhd')
  await writeFile(file, virtualPcDisk(disk))
  const { stdout } = await execa('qemu-img', ['info', '-f', 'vpc', '--output=json', file])
  expect(JSON.parse(stdout)['virtual-size']).toBeLessThan(disk.length)
  expect(await bringIn('vhd', await readFile(file), (held) => held)).toBe(disk.length)
  const back = join(folder, 'back.raw')
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', `file:${join(folder, 'disk.qcow2')}`, back])
  expect((await readFile(back)).equals(disk)).toBe(true)
})

describe('refuses, and leaves nothing of', () => {
  const canary = () => join(folder, 'image.raw')
  const create = async (...words: string[]) => {
    const file = join(folder, 'hostile')
    await execa('qemu-img', ['create', ...words.map((word) => (word === 'FILE' ? file : word))])
    return readFile(file)
  }
  test.each<[string, DiskFileFormat, () => Promise<Buffer>]>([
    ['a file with a backing file', 'qcow2', () => create('-f', 'qcow2', '-b', canary(), '-F', 'raw', 'FILE')],
    [
      'a file with its data elsewhere',
      'qcow2',
      () =>
        create(
          '-f',
          'qcow2',
          '-o',
          `data_file=${join(folder, 'data').replaceAll(',', ',,')},data_file_raw=on`,
          'FILE',
          '1M',
        ),
    ],
    [
      'a VMDK that names another file',
      'vmdk',
      () => create('-f', 'vmdk', '-o', 'subformat=monolithicFlat', 'FILE', '1M'),
    ],
    ['another format than was said', 'vmdk', () => made('qcow2')],
    [
      'a file that is cut short',
      'vmdk',
      async () => (await made('vmdk', ['-o', 'subformat=streamOptimized'])).subarray(0, 90_000),
    ],
    ['a qcow2 file that is cut short', 'qcow2', async () => (await made('qcow2')).subarray(0, 500_000)],
    ['2 PiB', 'qcow2', () => create('-f', 'qcow2', 'FILE', '2P')],
    ['nothing', 'qcow2', async () => Buffer.alloc(0)],
    ['a raw disk without a byte', 'raw', async () => Buffer.alloc(0)],
  ])('%s', async (_title, format, hostile) => {
    const attempt = bringIn(format, await hostile())
    await expect(attempt).rejects.toMatchObject({ name: 'DiskRefused' })
    await attempt.catch((error: Error) => expect(error.message).not.toContain(folder))
    expect(await leftovers()).toEqual([])
    expect(await readdir(join(folder, 'work'))).toEqual([])
  })

  test('a raw file whose first bytes are a qcow2 header: it is raw', async () => {
    const hostile = await create('-f', 'qcow2', '-b', canary(), '-F', 'raw', 'FILE')
    await bringIn('raw', hostile)
    const back = join(folder, 'back.raw')
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', `file:${join(folder, 'disk.qcow2')}`, back])
    expect((await readFile(back)).subarray(0, hostile.length).equals(hostile)).toBe(true)
  })

  test('what is damaged within, in words that show no path', async () => {
    const vmdk = await made('vmdk', ['-o', 'subformat=streamOptimized'])
    // Grains begin behind header and descriptor.
    vmdk.fill(0xff, 70_000, 200_000)
    const attempt = bringIn('vmdk', vmdk)
    await expect(attempt).rejects.toThrow(/^qemu-img convert ended with status 1: /)
    await attempt.catch((error: Error) => expect(error.message).not.toContain(folder))
    expect(await leftovers()).toEqual([])
  })
})

test('what a guest left of its disk unused is no damage', async () => {
  const whole = await made('qcow2')
  // A refcount of the first cluster behind the last one that is used: a leak, as a crash leaves it.
  const leaked = Buffer.concat([whole, Buffer.alloc(65_536)])
  const table = Number(leaked.readBigUInt64BE(48))
  leaked.writeUInt16BE(1, Number(leaked.readBigUInt64BE(table)) + Math.floor(whole.length / 65_536 + 0.999) * 2)
  expect(await bringIn('qcow2', leaked)).toBeGreaterThanOrEqual(image.length)
})

test('a file that holds far more than it has itself stops where its room ends', async () => {
  const target = join(folder, 'large.qcow2')
  const work = { bytes: 2 ** 40, pace: 8, growth: 1, room: 300_000, purpose: 'this test' }
  const source = `json:${JSON.stringify({ driver: 'raw', file: { driver: 'file', filename: join(folder, 'image.raw') } })}`
  await expect(runQemuImg(['convert', '-O', 'qcow2', source, target], work)).rejects.toThrow(/File too large|SIGXFSZ/)
  expect((await stat(target)).size).toBeLessThanOrEqual(300_000)
})

test('the tool is ended when it is no longer wanted', async () => {
  const abort = new AbortController()
  const attempt = qemuImgConvert({
    source: { file: join(folder, 'image.raw'), format: 'raw' },
    ...{ target: join(folder, 'disk.qcow2'), format: 'qcow2', bytes: 8 * MiB, signal: abort.signal },
  })
  abort.abort(new Error('not any more'))
  await expect(attempt).rejects.toThrow('not any more')
})

describe('out', () => {
  test.each<[DiskFileFormat, string, string | undefined]>([
    ['raw', 'raw', undefined],
    ['vmdk', 'vmdk', 'streamOptimized'],
    ['vhd', 'vpc', undefined],
  ])('as %s: every byte, and the temporary file goes', async (format, driver, subformat) => {
    await bringIn('raw', image)
    const file = join(folder, 'delivered')
    await conversions.exportDisk({
      ...{ name: 'task', format, signal, bytes: 8 * MiB },
      source: { format: 'qcow2', file: join(folder, 'disk.qcow2'), backing: null },
      async deliver(body: Readable, fileBytes) {
        await writeFile(file, body)
        expect((await stat(file)).size).toBe(fileBytes)
      },
    })
    expect(await readdir(join(folder, 'work'))).toEqual([])
    const { stdout } = await execa('qemu-img', ['info', '-f', driver, '--output=json', file])
    const info = JSON.parse(stdout)
    expect(info['virtual-size']).toBe(8 * MiB)
    if (subformat) expect(info['format-specific'].data['create-type']).toBe(subformat)
    await execa('qemu-img', ['compare', '-f', driver, '-F', 'raw', file, join(folder, 'image.raw')])
  })
})
