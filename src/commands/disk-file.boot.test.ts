import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { headerOf, openDisk } from './disk-file.ts'
import { withWorkFolder } from './work-folder.ts'

// Needs qemu-img, xz, zstd and tar, which make what is opened here; boots nothing.
let work: string
const disk = Buffer.concat([
  randomBytes(70_000),
  Buffer.alloc(5 * 2 ** 20),
  randomBytes(70_000),
  Buffer.alloc(2 ** 20 - 140_000),
])
const { signal } = new AbortController()
const run = (command: string, ...args: string[]) => execa(command, args, { cwd: work })
beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  work = await mkdtemp(join(tmpdir(), 'euca-emu-disks-'))
  await writeFile(join(work, 'disk.raw'), disk)
})
afterAll(() => rm(work, { recursive: true }))

const convert = (format: string, ...options: string[]) =>
  run('qemu-img', 'convert', '-f', 'raw', '-O', format, ...options, 'disk.raw', 'image')

test.each([
  ['qcow2', () => convert('qcow2')],
  ['qcow2', () => convert('qcow2', '-c', '-o', 'compression_type=zstd,extended_l2=on')],
  ['qcow2', () => convert('qcow2', '-o', 'compat=0.10')],
  ['vmdk', () => convert('vmdk')],
  ['vmdk', () => convert('vmdk', '-o', 'subformat=streamOptimized')],
  ['vhd', () => convert('vpc', '-o', 'force_size=on')],
  ['vhd', () => convert('vpc', '-o', 'subformat=fixed,force_size=on')],
  ['vhdx', () => convert('vhdx')],
  ['vhdx', () => convert('vhdx', '-o', 'subformat=fixed')],
  ['vdi', () => convert('vdi')],
  ['vdi', () => convert('vdi', '-o', 'static=on')],
  ['xz', () => run('sh', '-c', 'xz -0 -c disk.raw > image')],
  ['zstd', () => run('sh', '-c', 'zstd -q -c disk.raw > image')],
  ['gzip', () => run('sh', '-c', 'qemu-img convert -f raw -O qcow2 disk.raw x && gzip -c x > image')],
  ['gzip', () => run('tar', '--format=oldgnu', '-Sczf', 'image', 'disk.raw')],
  ['gzip', () => run('tar', '--format=pax', '-czf', 'image', 'disk.raw')],
])('%s of the very tools is opened (%#)', async (format, make) => {
  await make()
  const file = join(work, 'image')
  expect((await headerOf(file)).format).toBe(format)
  await withWorkFolder(work, async (folder) => {
    const opened = await openDisk(file, { folder, signal })
    const bytes = await readFile(opened.file)
    // A VHDX file holds whole MiB.
    expect(bytes.subarray(0, disk.length).equals(disk)).toBe(true)
    expect(bytes.subarray(disk.length).every((byte) => byte === 0)).toBe(true)
  })
})

describe('what names other files is refused, and nothing of them is read', () => {
  test.each([
    ['a backing file', ['qcow2', '-b', '/etc/passwd', '-F', 'raw'], /rests on another file/],
    ['a data file', ['qcow2', '-o', 'data_file=data'], /data is in another file/],
    ['extents', ['vmdk', '-o', 'subformat=twoGbMaxExtentFlat'], /other files/],
    ['a size of 500 TiB', ['qcow2', '-o', 'cluster_size=2M'], /more than any disk/, '500T'],
  ])('%s', async (_what, [format = '', ...options], why, size = '8M') => {
    await run('qemu-img', 'create', '-f', format, ...options, 'hostile', size)
    const opening = withWorkFolder(work, (folder) => openDisk(join(work, 'hostile'), { folder, signal }))
    await expect(opening).rejects.toThrow(why)
  })

  test('encryption', async () => {
    await run('qemu-img', 'create', '-f', 'qcow2', 'hostile', '8M')
    // The header's crypt_method becomes LUKS here: qemu-img itself measures the processor first, which can fail.
    const header = await open(join(work, 'hostile'), 'r+')
    await header.write(Buffer.from([0, 0, 0, 2]), 0, 4, 32)
    await header.close()
    const opening = withWorkFolder(work, (folder) => openDisk(join(work, 'hostile'), { folder, signal }))
    await expect(opening).rejects.toThrow(/encrypted/)
  })
})

test('a qcow2 file that is cut short is refused: what it lacks would read as zeros', async () => {
  await convert('qcow2')
  const file = join(work, 'image')
  const whole = await readFile(file)
  await writeFile(file, whole.subarray(0, whole.length - 100_000))
  const opening = withWorkFolder(work, (folder) => openDisk(file, { folder, signal }))
  await expect(opening).rejects.toThrow(/image \(qcow2\) is not opened: the file is cut short or damaged/)
})
