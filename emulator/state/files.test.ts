import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dataFiles, makeFolder, privateFolder, replaceFile, syncFolder } from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const permissions = (path: string) => statSync(path).mode & 0o777

describe('dataFiles', () => {
  test('names different places, all of them below the data folder', () => {
    const { machine, data, ...files } = dataFiles(folder)
    const { ephemeral, ...ofMachine } = machine('i-1')
    const paths = [...Object.values(files), ...Object.values(ofMachine), ephemeral(0), ephemeral(1)]
    expect(data).toBe(folder)
    expect(new Set(paths).size).toBe(paths.length)
    for (const path of paths) expect(relative(folder, path)).toMatch(/^[^./]/)
  })

  test('keeps machines apart, each within its own folder', () => {
    const [one, other] = [dataFiles(folder).machine('i-1'), dataFiles(folder).machine('i-2')]
    for (const path of [one.root, one.console, one.oldConsole, one.ephemeral(0)])
      expect(path.startsWith(`${one.folder}/`)).toBe(true)
    expect(one.folder).not.toBe(other.folder)
  })
})

describe('privateFolder', () => {
  test('makes a folder and those above it for the owner alone; a second time changes nothing', async () => {
    const path = join(folder, 'a', 'b')
    await privateFolder(path)
    await privateFolder(path)
    expect(permissions(path)).toBe(0o700)
    expect(permissions(join(folder, 'a'))).toBe(0o700)
  })

  test.each<[string, string[], number]>([
    ['that is empty', [], 0o700],
    ['that holds what an emulator keeps', ['LOCK', 'objects'], 0o700],
    ["that holds somebody's own things", ['letters'], 0o755],
  ])('a folder of ours %s: %j', async (_case, names, expected) => {
    chmodSync(folder, 0o755)
    for (const name of names) writeFileSync(join(folder, name), '')
    await privateFolder(folder)
    expect(permissions(folder)).toBe(expected)
  })
})

describe('makeFolder', () => {
  test.skipIf(!existsSync('/proc/self'))(
    'throws where there can be no folder, instead of trying for ever',
    async () => {
      await expect(makeFolder('/proc/none/deep')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/none' })
    },
  )

  test('throws where a file is in the way', async () => {
    writeFileSync(join(folder, 'file'), '')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'a', 'b')])
      await expect(makeFolder(path)).rejects.toMatchObject({
        code: 'ENOTDIR',
        syscall: expect.any(String),
        path: expect.any(String),
      })
  })

  test('may be asked for the same folder at the same time', async () => {
    const path = join(folder, 'a', 'b', 'c')
    await Promise.all([1, 2, 3].map(() => makeFolder(path)))
    expect(statSync(path).isDirectory()).toBe(true)
  })
})

describe('replaceFile', () => {
  test.each([
    ['private unless told otherwise', undefined, 0o600],
    ['with the mode it is given', 0o644, 0o644],
  ])('writes a file, %s, and leaves nothing else', async (_case, mode, expected) => {
    const path = join(folder, 'file')
    await replaceFile(path, 'content', mode)
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(permissions(path)).toBe(expected)
    expect(readdirSync(folder)).toEqual(['file'])
  })

  test('replaces a longer file and a left-over of an attempt that was cut short', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'a much longer content', { mode: 0o666 })
    writeFileSync(`${path}.new`, 'half of something', { mode: 0o666 })
    await replaceFile(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(permissions(path)).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['file'])
  })

  test('leaves the old file as it is when the new one cannot be put in its place', async () => {
    await expect(replaceFile(join(folder, 'missing', 'file'), 'x')).rejects.toThrow(/ENOENT/)
    await privateFolder(join(folder, 'taken', 'full'))
    await expect(replaceFile(join(folder, 'taken'), 'x')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(readdirSync(join(folder, 'taken'))).toEqual(['full'])
  })
})

test('syncFolder refuses what is not there', async () => {
  await expect(syncFolder(folder)).resolves.toBeUndefined()
  await expect(syncFolder(join(folder, 'missing'))).rejects.toThrow(/ENOENT/)
})
