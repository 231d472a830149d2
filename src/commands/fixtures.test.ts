import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { catalog } from '../../fixtures/catalog.ts'
import { listAll } from './fixtures.ts'

afterEach(() => vi.unstubAllEnvs())

test('an empty cache: every image of the catalog is listed as not built', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'cache-'))
  onTestFinished(() => rmSync(cache, { recursive: true }))
  vi.stubEnv('EUCA_EMU_CACHE', cache)
  const lines = (await listAll(false)).trim().split('\n')
  expect(lines).toHaveLength(catalog.length)
  for (const [index, { name }] of catalog.entries()) {
    expect(lines[index]).toMatch(new RegExp(`^${name} .*not built: "euca-emu fixtures build"`))
  }
  expect(JSON.parse(await listAll(true))).toMatchObject(catalog.map(({ name }) => ({ name })))
})
