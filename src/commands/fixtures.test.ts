import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { catalog } from '../../fixtures/catalog.ts'
import { debianCatalog } from '../../fixtures/debian-12/catalog.ts'
import { listAll } from './fixtures.ts'

afterEach(() => vi.unstubAllEnvs())

test('an empty cache: every image of the catalog is listed as not built', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'cache-'))
  onTestFinished(() => rmSync(cache, { recursive: true }))
  vi.stubEnv('EUCA_EMU_CACHE', cache)
  const lines = (await listAll(false)).trim().split('\n')
  const expected = [
    ...catalog.map(({ name }) => ({ name, build: 'euca-emu fixtures build' })),
    ...debianCatalog.map(({ name }) => ({ name, build: 'euca-emu fixtures build debian-12' })),
  ]
  expect(lines).toHaveLength(expected.length)
  for (const [index, { name, build }] of expected.entries()) {
    expect(lines[index]).toMatch(new RegExp(`^${name} .*not built: "${build}"`))
  }
  expect(JSON.parse(await listAll(true))).toMatchObject(expected.map(({ name }) => ({ name })))
})
