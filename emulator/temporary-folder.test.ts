import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { lockDataFolder } from './state/lock.ts'
import { nameTemporaryFolder, removeLeftTemporaryFolders } from './temporary-folder.ts'

let place: string
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'temporary-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(place, { recursive: true })
})

/** Makes the folder of an emulator with files in it, by path and what they hold. */
async function folder(files: Record<string, string>, name = basename(nameTemporaryFolder())): Promise<string> {
  const path = join(place, name)
  await mkdir(join(path, 'objects'), { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text)
  return path
}

// Process 1 lives: ids are handed out again, and nothing is concluded from one.
const signed = { LOCK: '1 here\n' }
const full = { ...signed, 'objects/index': 'bytes' }

describe('what is left', () => {
  test.each<[what: string, files: Record<string, string>]>([
    ['of a killed emulator', full],
    ['of a removal that was cut short', { 'objects/index': 'bytes' }],
  ])('%s is removed', async (_, files) => {
    await folder(files)
    await folder(files)
    await removeLeftTemporaryFolders(place)
    expect(await readdir(place)).toEqual([])
  })

  test('is removed once by two that start at the same time', async () => {
    for (let count = 0; count < 5; count += 1) await folder(full)
    await Promise.all([removeLeftTemporaryFolders(place), removeLeftTemporaryFolders(place)])
    expect(await readdir(place)).toEqual([])
  })
})

describe('what stays', () => {
  const stays = async () => {
    const before = await readdir(place)
    await removeLeftTemporaryFolders(place)
    expect(await readdir(place)).toEqual(before)
  }

  test('a folder that a living process holds', async () => {
    const path = await folder(full)
    const unlock = lockDataFolder(join(path, 'LOCK'))
    await stays()
    expect(existsSync(join(path, 'objects', 'index'))).toBe(true)
    unlock()
    await removeLeftTemporaryFolders(place)
    expect(await readdir(place)).toEqual([])
  })

  test('a folder of which a start has only the path, and one of which it has the unsigned lock', async () => {
    await mkdir(join(place, 'euca-emu-0123456789abcdef'))
    await folder({ LOCK: '' })
    await stays()
  })

  test("another user's folder", async () => {
    await folder(full)
    const own = process.getuid?.() ?? 0
    vi.spyOn(process, 'getuid').mockReturnValue(own + 1)
    await stays()
  })

  test.each(['euca-emu-conformance-1', 'euca-emu-0123456789ABCDEF', 'euca-emu-0123456789abcdef0', 'other'])(
    'a folder by the name of %s',
    async (name) => {
      await folder(full, name)
      await stays()
    },
  )

  test('a file, and a link to a folder, by such a name', async () => {
    await writeFile(join(place, 'euca-emu-0123456789abcdef'), 'text')
    const path = await folder(full, 'elsewhere')
    await symlink(path, join(place, 'euca-emu-fedcba9876543210'))
    await stays()
    expect(existsSync(join(path, 'objects', 'index'))).toBe(true)
  })
})

test('names are new', () => {
  const [one, other] = [nameTemporaryFolder(), nameTemporaryFolder()]
  expect(one).not.toBe(other)
  expect(one.startsWith(`${tmpdir()}/euca-emu-`)).toBe(true)
})
