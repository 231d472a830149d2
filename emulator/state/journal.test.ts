import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DamagedRecords, journalLine, openJournal, parseJournal, readJournal, type Write } from './journal.ts'

const put = (id: string, value: unknown): Write => ['volumes', id, value]
const lineOf = (...changes: Write[][]) => journalLine(changes.map((writes) => JSON.stringify(writes)))
const one = lineOf([put('vol-1', { size: 1 })])
const two = lineOf([put('vol-2', { name: 'größe\n' })], [put('vol-1', null), put('vol-3', {})])

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu journal-'))
  path = join(folder, 'journal')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('parseJournal', () => {
  test('reads back the changes in their order', () => {
    const bytes = Buffer.from(one + two)
    expect(parseJournal(bytes, path)).toEqual({
      changes: [
        [put('vol-1', { size: 1 })],
        [put('vol-2', { name: 'größe\n' })],
        [put('vol-1', null), put('vol-3', {})],
      ],
      length: bytes.length,
    })
  })

  test('ends at a torn line, wherever it is torn', () => {
    const whole = Buffer.from(one)
    const bytes = Buffer.from(one + two)
    for (let length = whole.length; length < bytes.length; length += 1) {
      expect(parseJournal(bytes.subarray(0, length), path)).toEqual({
        changes: parseJournal(whole, path).changes,
        length: whole.length,
      })
    }
  })

  test.each([
    ['zeros, as a file system leaves them', Buffer.alloc(500)],
    ['a line whose middle never reached the disk', Buffer.from(two).fill(0, 12, 40)],
    ['a single byte', Buffer.from('f')],
  ])('ends at %s', (_case, rest) => {
    const whole = Buffer.from(one)
    expect(parseJournal(Buffer.concat([whole, rest]), path).length).toBe(whole.length)
  })

  test('refuses a damaged line before others, and says where', () => {
    const bytes = Buffer.from(one + two + one)
    const start = Buffer.byteLength(one)
    // Any byte of the line but its line feed: without that, this line and the next are one torn last line or a bad one.
    for (let at = start; at < start + Buffer.byteLength(two) - 1; at += 1) {
      const damaged = Buffer.from(bytes)
      damaged[at] = damaged[at]! ^ 1
      if (damaged[at] === 10) continue
      expect(() => parseJournal(damaged, path)).toThrow(DamagedRecords)
      expect(() => parseJournal(damaged, path)).toThrow(`${path} is damaged at byte ${start}`)
    }
  })

  test('never reads anything but a prefix of what was written, whatever the end looks like', () => {
    const change = fc.array(fc.tuple(fc.string(), fc.string(), fc.option(fc.dictionary(fc.string(), fc.string()))), {
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.array(change), fc.nat(), fc.uint8Array({ maxLength: 30 }), (changes, cut, rest) => {
        const lines = changes.map((writes) => lineOf(writes))
        const whole = Buffer.from(lines.join(''))
        const bytes = Buffer.concat([whole.subarray(0, cut % (whole.length + 1)), rest.filter((byte) => byte !== 10)])
        const read = parseJournal(bytes, path)
        const expected = JSON.parse(JSON.stringify(changes.slice(0, read.changes.length)))
        expect(JSON.parse(JSON.stringify(read.changes))).toEqual(expected)
        expect(read.length).toBe(Buffer.byteLength(lines.slice(0, read.changes.length).join('')))
      }),
    )
  })
})

describe('readJournal', () => {
  test('takes a file that is not there for an empty one', async () => {
    expect(await readJournal(path)).toEqual({ changes: [], length: 0 })
  })

  test('passes on any other trouble', async () => {
    await expect(readJournal(folder)).rejects.toThrow(/EISDIR/)
  })
})

describe('openJournal', () => {
  test('appends after the whole lines and counts bytes', async () => {
    writeFileSync(path, `${one}0000 torn`)
    const journal = await openJournal(path, Buffer.byteLength(one))
    await journal.append(two)
    expect(journal.bytes).toBe(Buffer.byteLength(one + two))
    await journal.close()
    expect(readFileSync(path, 'utf8')).toBe(one + two)
  })

  test('refuses to append once it is closed', async () => {
    const journal = await openJournal(path, 0)
    await journal.close()
    await expect(journal.append(one)).rejects.toThrow()
    expect(readFileSync(path, 'utf8')).toBe('')
  })
})
