import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { debianSources } from './debian-proof.contract.ts'

let repository: string
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(repository, path)), { recursive: true })
  await writeFile(join(repository, path), text)
}
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'euca-emu-sources-'))
  for (const folder of ['disk', 'machines', 'metadata', 'network', 'node']) await put(`emulator/${folder}/a.ts`, folder)
  await put('fixtures/debian-12/recipe.ts', 'recipe')
  await put('fixtures/hvm/disk.ts', 'disk')
  await put('emulator/ec2/a.ts', 'ec2')
})
afterEach(() => rm(repository, { recursive: true }))

test.each([
  ['the recipe', 'fixtures/debian-12/recipe.ts', true],
  ['the node', 'emulator/node/a.ts', true],
  ['a new file of the network', 'emulator/network/tcp/b.ts', true],
  ['a test of the node', 'emulator/node/a.test.ts', false],
  ['an operation', 'emulator/ec2/a.ts', false],
])('a change of %s makes other sources of it: %s', async (_, path, isOther) => {
  const before = await debianSources(repository)
  expect(await debianSources(repository)).toBe(before)
  await put(path, 'changed')
  expect((await debianSources(repository)) !== before).toBe(isOther)
})
