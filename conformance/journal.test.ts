import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type JournalLine, openJournal, readJournal } from './journal.ts'

const head = { run: '0123abcd', target: 'a cloud', endpoint: 'http://c', started: '2026-01-01T00:00:00Z', pid: 1 }

async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-journal-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'deep', 'run.jsonl')
}

const lines: JournalLine[] = [
  { addresses: ['192.0.2.1'], accounts: ['1'], capabilities: ['s3'] },
  { name: 'conformance-0123abcd-1-bucket' },
  { asked: 'CreateVolume', mark: 'first' },
  { answered: 'first', made: ['vol-1'] },
  { asked: 'RunInstances', mark: 'refused' },
  { answered: 'refused', made: [] },
  { asked: 'AllocateAddress', mark: 'unheard' },
  { lost: 'PUT /bucket' },
  { folder: '/tmp/one' },
  { removed: 'volume vol-1' },
  { asked: 'AllocateAddress', mark: 'second' },
  { answered: 'second', made: ['192.0.2.2'] },
  { released: '192.0.2.2' },
]

test('what was written can be read at any moment, also when the last line is torn', async () => {
  const path = await place()
  const journal = openJournal(path, head)
  for (const [index, line] of lines.entries()) {
    journal.write(line)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(index + 3)
  }
  const expected = {
    head,
    names: ['conformance-0123abcd-1-bucket'],
    addresses: ['192.0.2.1'],
    made: ['vol-1'],
    unanswered: ['AllocateAddress'],
    lost: ['PUT /bucket'],
    folders: ['/tmp/one'],
    scope: { accounts: ['1'], capabilities: ['s3'] },
    damaged: 0,
  }
  expect(readJournal(path)).toEqual(expected)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"name":"conformance-0123`)
  expect(readJournal(path)).toEqual(expected)
  expect(() => openJournal(path, head)).toThrow(/EEXIST/)
})

test("an address that was given back and came again is the run's once more", async () => {
  const path = await place()
  const journal = openJournal(path, head)
  const again: JournalLine[] = [
    { answered: 'a', made: ['192.0.2.2'] },
    { released: '192.0.2.2' },
    { answered: 'b', made: ['192.0.2.2'] },
  ]
  for (const line of again) journal.write(line)
  expect(readJournal(path)).toMatchObject({ made: ['192.0.2.2'], addresses: undefined, scope: undefined })
})

test('lines that cannot be read are counted, and the others count', async () => {
  const path = await place()
  openJournal(path, head).close(false)
  writeFileSync(path, `${readFileSync(path, 'utf8')}garbage\n{"folder":"/tmp/one"}\nnull\n`)
  expect(readJournal(path)).toMatchObject({ damaged: 2, folders: ['/tmp/one'] })
})

test.each(['garbage', 'null', '{}', '{"run":"","endpoint":"","pid":1}', '{"run":"0123abcd","endpoint":"","pid":0}'])(
  'a first line %s names no run',
  async (line) => {
    const path = await place()
    openJournal(path, head).close(false)
    writeFileSync(path, `${line}\n`)
    expect(() => readJournal(path)).toThrow(/is damaged: its first line names no run/)
  },
)

test('it goes with a run that has left nothing, and stays otherwise', async () => {
  const path = await place()
  openJournal(path, head).close(false)
  expect(existsSync(path)).toBe(true)
  await rm(path)
  openJournal(path, head).close(true)
  expect(existsSync(path)).toBe(false)
})

test('one without its first line is of a run that has made nothing', async () => {
  const path = await place()
  openJournal(path, head).close(false)
  writeFileSync(path, '{"run":"01')
  expect(() => readJournal(path)).toThrow(/not even its first line/)
})

test('nothing is written once it is closed: its descriptor may be another file by then', async () => {
  const journal = openJournal(await place(), head)
  journal.close(false)
  expect(() => journal.write({ name: 'late' })).toThrow('the run is over')
})
