import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readSettings } from '../settings.ts'
import { conformance } from './conformance.ts'
import { journalFolder } from './conformance-sweep.ts'

test('--capabilities declares what an emulator of the run has, and all else is skipped with the reason', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'euca-emu-own-'))
  onTestFinished(() => rmSync(cache, { recursive: true }))
  vi.stubEnv('EUCA_EMU_CACHE', cache)
  // Nothing boots here: of the programs that an emulator calls, only the one that it does not start without is found.
  symlinkSync(execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim(), join(cache, 'flock'))
  vi.stubEnv('PATH', cache)
  const said: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void said.push(String(line)))
  vi.spyOn(process.stdout, 'write').mockImplementation((piece) => said.push(...String(piece).split('\n')) > 0)
  const isGood = await conformance(
    ['key-pairs/created', 'object-storage/object-is-kept'],
    { capabilities: 's3', parallel: 1, boots: 1 },
    () => readSettings({}, {}),
    new AbortController().signal,
  )
  expect(isGood).toBe(true)
  expect(said[0]).toMatch(/^no guest boots: /)
  expect(said).toContainEqual(expect.stringMatching(/^passed {2}object-storage\/object-is-kept /))
  expect(said).toContainEqual(expect.stringMatching(/^skipped key-pairs\/created /))
  expect(said).toContain('        the target does not declare key-pairs')
  expect(said).toContain('1 passed, 0 failed, 1 skipped')
  expect(readdirSync(journalFolder())).toEqual([])
})
