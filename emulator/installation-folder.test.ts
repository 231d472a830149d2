import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeInstallationFolder, removeLeftInstallations } from './installation-folder.ts'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'installations-'))
})
afterEach(() => rm(data, { recursive: true }))

test('what a killed installation left is removed, and one that goes on stays', async () => {
  const [left, lasting] = [await makeInstallationFolder(data), await makeInstallationFolder(data)]
  await writeFile(join(left.path, 'disk.raw'), 'half')
  // As the end of its process does.
  left.release()
  await removeLeftInstallations(data)
  expect(await readdir(join(data, 'installations'))).toEqual([basename(lasting.path)])
  lasting.release()
  await removeLeftInstallations(data)
  expect(await readdir(join(data, 'installations'))).toEqual([])
})

test('there need not have been any', async () => {
  await removeLeftInstallations(data)
  expect(await readdir(join(data, 'installations'))).toEqual([])
})
