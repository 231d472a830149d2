import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readerOf, sourceOf } from './bytes.ts'
import { inspectContents } from './disk.ts'
import { openExt } from './ext.ts'

// Needs mkfs.ext4 (e2fsprogs), and boots nothing.
let work: string
const large = randomBytes(3_000_001)
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'euca-emu-ext-'))
  const tree = join(work, 'tree')
  await mkdir(join(tree, 'etc'), { recursive: true })
  await mkdir(join(tree, 'many'))
  await writeFile(join(tree, 'etc/large'), large)
  await writeFile(join(tree, 'etc/os-release'), 'PRETTY_NAME="Made here"\n')
  await writeFile(join(tree, 'etc/holes'), '')
  await truncate(join(tree, 'etc/holes'), 300_000)
  const holes = await open(join(tree, 'etc/holes'), 'r+')
  await holes.write(Buffer.from('end'), 0, 3, 299_997)
  await holes.close()
  for (let index = 0; index < 700; index++)
    await writeFile(join(tree, 'many', `file-with-a-long-name-${index}`), `${index}`)
  const links = {
    short: 'etc/os-release',
    long: `${'./'.repeat(60)}etc/os-release`,
    up: '../../etc/os-release',
    root: '/etc',
  }
  for (const [name, target] of Object.entries(links)) await symlink(target, join(tree, name))
  await symlink('loop', join(tree, 'loop'))
})
afterAll(() => rm(work, { recursive: true }))

async function made(...options: string[]): Promise<string> {
  const path = join(work, `${options.join('')}.img`)
  await execa('mkfs.ext4', ['-q', '-F', ...options, '-d', join(work, 'tree'), path, '24m'])
  return path
}

describe.each([
  ['ext2', ['-t', 'ext2', '-b', '1024']],
  ['ext3', ['-t', 'ext3', '-b', '4096']],
  ['ext4', ['-t', 'ext4', '-O', '64bit,metadata_csum', '-b', '4096']],
  ['ext4', ['-t', 'ext4', '-O', '^64bit,^flex_bg', '-b', '2048', '-I', '128']],
])('%s %j', (type, options) => {
  test('is read as it was written', async () => {
    const path = await made(...options)
    const file = await open(path)
    const { size } = await file.stat()
    const files = await openExt(sourceOf(readerOf(file), size))
    expect((await files?.read('/etc/large', 2 ** 23))?.equals(large)).toBe(true)
    expect(await files?.read('/etc/holes')).toEqual(Buffer.concat([Buffer.alloc(299_997), Buffer.from('end')]))
    expect((await files?.list('/many'))?.length).toBe(700)
    expect((await files?.read('/many/file-with-a-long-name-699'))?.toString()).toBe('699')
    for (const link of ['/short', '/long', '/up', '/root/os-release', '/many/../short']) {
      expect((await files?.read(link))?.toString()).toBe('PRETTY_NAME="Made here"\n')
    }
    for (const path of ['/loop', '/etc', '/none']) expect(await files?.read(path)).toBeUndefined()
    expect(await files?.list('/etc/large')).toEqual([])
    const contents = await inspectContents(readerOf(file), size, async function* () {})
    expect(contents).toMatchObject({
      table: 'none',
      fileSystems: [{ partition: 0, type, linux: { system: 'Made here' } }],
    })
    await file.close()
  })

  test('is survived, whatever is changed in it', async () => {
    const original = await readFile(await made(...options))
    for (let run = 0; run < 12; run++) {
      const bytes = Buffer.from(original)
      // Where the superblock, the descriptors, the inodes and the first folders are.
      for (let count = 0; count < 400; count++)
        bytes[1024 + (randomBytes(4).readUInt32LE() % 600_000)] = randomBytes(1)[0] ?? 0
      const read = async (at: number, length: number) => bytes.subarray(at, at + length)
      const contents = await inspectContents(read, bytes.length, async function* () {})
      expect(contents.table).toBe('none')
    }
  })
})
