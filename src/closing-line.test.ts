import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closingLine } from './closing-line.mjs'

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const reporter = fileURLToPath(new URL('./closing-line.mjs', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu reporter-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('closingLine', () => {
  expect(closingLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped')
})

describe('the last line of a run', () => {
  test.each([
    [
      'with all kinds of results',
      "test('a', () => {}); test('b', () => { throw 1 }); test.skip('c', () => {}); test.todo('d')",
      '1 passed, 1 failed, 2 skipped',
      1,
    ],
    ['that is good', "test('a', () => {}); test('b', () => {})", '2 passed, 0 failed, 0 skipped', 0],
    ['of a file that does not load', "import './missing.js'", '0 passed, 1 failed, 0 skipped', 1],
    [
      'with a hook that fails',
      "describe('s', () => { beforeAll(() => { throw 1 }); test('a', () => {}) })",
      '0 passed, 1 failed, 1 skipped',
      1,
    ],
    [
      'with an error outside its tests',
      "test('a', () => { void Promise.reject(new Error('lost')) })",
      '1 passed, 1 failed, 0 skipped',
      1,
    ],
    ['with nothing to run', undefined, '0 passed, 1 failed, 0 skipped', 1],
    [
      'that talks until its end',
      "test('a', () => {}); afterAll(() => console.log('done'))",
      '1 passed, 0 failed, 0 skipped',
      0,
    ],
  ])('%s', (name, source, line, status) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.test.js`)
    if (source) writeFileSync(file, source)
    const args = ['run', '--globals', '--root', folder, '--reporter', 'default', '--reporter', reporter, file]
    const run = spawnSync(process.execPath, [vitest, ...args], { encoding: 'utf8' })
    expect(run.stdout.trimEnd().split('\n').at(-1)).toBe(line)
    expect(run.status).toBe(status)
  })
})
