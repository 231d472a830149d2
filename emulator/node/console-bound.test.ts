import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { boundConsole } from './console-bound.ts'

const kept = 64 * 1024
let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-bound-'))
  path = join(folder, 'console.log')
})
afterEach(() => rm(folder, { recursive: true }))

const used = async () => (await stat(path)).blocks * 512

test('a console that grows without end keeps its last bytes and frees the others', async () => {
  const clock = manualClock()
  const over = new AbortController()
  const work = boundConsole(path, clock, over.signal, kept)
  await clock.advance(10_000)
  await writeFile(path, 'x'.repeat(2 * kept))
  await clock.advance(10_000)
  expect((await readFile(path, 'utf8')).startsWith('x')).toBe(true)

  const lines = Array.from({ length: 40_000 }, (_, line) => `line ${line}`).join('\n')
  await writeFile(path, lines, { flag: 'a' })
  await clock.advance(10_000)
  await vi.waitFor(async () => expect(await used()).toBeLessThanOrEqual(2 * kept))
  expect((await readFile(path, 'utf8')).slice(-kept)).toBe(lines.slice(-kept))
  over.abort()
  await work
})
