import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordTrial } from './catalog-try.ts'
import { parseTrials, type Trial, trialsTable, withTrial } from './trials.ts'

const trial: Trial = {
  ...{ name: 'tiny-hvm', virtualization: 'hvm', login: 'root', accelerator: 'tcg', node: 'QEMU 7, accelerator tcg' },
  ...{ booted: true, loggedIn: true, date: '2026-11-23', version: '1.2.3' },
} as const

test('a trial takes the place of that of the same image on the same accelerator', () => {
  const [kvm, other] = [
    { ...trial, accelerator: 'kvm' },
    { ...trial, name: 'another' },
  ]
  const later = { ...trial, date: '2027-01-01', booted: false }
  expect([kvm, other, later].reduce(withTrial, [trial])).toEqual([other, kvm, later])
})

test('a table says of each what was seen', () => {
  const { login, ...nobody } = trial
  const rows = trialsTable([trial, { ...trial, loggedIn: false }, { ...nobody, booted: false, loggedIn: false }])
  expect(rows.split('\n').filter((line) => line.startsWith('| tiny'))).toEqual([
    '| tiny-hvm | hvm | yes | tcg | root | 2026-11-23 | QEMU 7, accelerator tcg; euca-emu 1.2.3 |',
    '| tiny-hvm | hvm | yes | tcg | root (not reached) | 2026-11-23 | QEMU 7, accelerator tcg; euca-emu 1.2.3 |',
    '| tiny-hvm | hvm | no | tcg | nobody | 2026-11-23 | QEMU 7, accelerator tcg; euca-emu 1.2.3 |',
  ])
})

test('trials are kept in a file, with a table beside it; other files are left alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trials-'))
  const path = join(folder, 'guests.json')
  await recordTrial(path, trial)
  await recordTrial(path, { ...trial, accelerator: 'kvm' })
  const kept = parseTrials(await readFile(path, 'utf8'), path)
  expect(kept.map(({ accelerator }) => accelerator)).toEqual(['kvm', 'tcg'])
  expect(await readFile(join(folder, 'guests.md'), 'utf8')).toBe(trialsTable(kept))
  await writeFile(path, '{"name": "euca-emu"}')
  await expect(recordTrial(path, trial)).rejects.toThrow(/holds something else than trials/)
  expect(await readFile(path, 'utf8')).toBe('{"name": "euca-emu"}')
  await rm(folder, { recursive: true })
})

test('docs/guests.md is the table of docs/guests.json', async () => {
  const [text, table] = await Promise.all(
    ['json', 'md'].map((ending) => readFile(new URL(`../../docs/guests.${ending}`, import.meta.url), 'utf8')),
  )
  const trials = parseTrials(text ?? '', 'docs/guests.json')
  expect(table).toBe(trialsTable(trials))
  expect(trials.length).toBeGreaterThan(0)
})
