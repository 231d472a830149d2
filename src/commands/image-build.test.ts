import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { type DataFolder, readDataFolder } from './data-folder.ts'
import { buildImage } from './image-build.ts'

const work = mkdtempSync(join(tmpdir(), 'image-build-'))
let emulator: Emulator
let folder: DataFolder
beforeAll(async () => {
  emulator = await startEmulator({ catalog: false, data: join(work, 'data'), port: 0, hypervisor: fakeHypervisor() })
  folder = await readDataFolder(join(work, 'data'))
  writeFileSync(join(work, 'installer.iso'), 'no disc')
  writeFileSync(join(work, 'empty.iso'), '')
})
afterAll(async () => {
  await emulator.stop()
  rmSync(work, { recursive: true })
})

test.each<[string, { iso?: string; name?: string; url?: string }, string]>([
  ['no file', { iso: 'missing.iso' }, 'ENOENT'],
  ['a file with nothing in it', { iso: 'empty.iso' }, 'is empty'],
  ['a name that no image can have', { name: 'no good' }, '"no good" cannot be an image\'s name'],
  ['no emulator', { url: 'http://127.0.0.1:9' }, 'ECONNREFUSED'],
])('%s is refused before a machine is started', async (_title, { iso = 'installer.iso', url, name }, sentence) => {
  const terminal = { input: process.stdin, output: new PassThrough(), notes: new PassThrough() }
  const asked = {
    iso: join(work, iso),
    size: 2 ** 20,
    bucket: 'images',
    accelerator: 'tcg',
    ...(name && { name }),
  } as const
  const place = { ...folder, ...(url && { url }) }
  await expect(buildImage(place, asked, terminal, new AbortController().signal)).rejects.toThrow(sentence)
  expect(readdirSync(join(folder.data, 'installations'))).toEqual([])
})
