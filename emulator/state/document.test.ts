import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  applyWrites,
  dictionary,
  documentPath,
  journalPath,
  readDocument,
  replay,
  rewriteDocument,
  type Tables,
} from './document.ts'
import { DamagedRecords, journalLine, type Write } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu document-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const journal = (number: number, ...changes: Write[][]) =>
  writeFileSync(journalPath(folder, number), changes.map((writes) => journalLine([JSON.stringify(writes)])).join(''))
const plain = (tables: Tables) => JSON.parse(JSON.stringify(tables))

describe('applyWrites', () => {
  test('puts, replaces and removes, in order', () => {
    const tables: Tables = dictionary()
    applyWrites(tables, [
      ['images', 'emi-1', { name: 'a' }],
      ['images', 'emi-2', { name: 'b' }],
      ['images', 'emi-1', { name: 'c' }],
      ['images', 'emi-2', null],
      ['images', 'emi-3', null],
    ])
    expect(plain(tables)).toEqual({ images: { 'emi-1': { name: 'c' } } })
  })

  test.each(['__proto__', 'constructor', 'toString'])('takes %s for a name like any other', (name) => {
    const tables: Tables = dictionary()
    expect(tables[name]).toBeUndefined()
    applyWrites(tables, [[name, name, { id: name }]])
    expect(tables[name]?.[name]).toEqual({ id: name })
    expect({}).not.toHaveProperty('id')
    applyWrites(tables, [[name, name, null]])
    expect(tables[name]?.[name]).toBeUndefined()
  })
})

describe('readDocument', () => {
  test('an absent one is empty and waits for journal 1', async () => {
    expect(await readDocument(folder)).toEqual({ format: 1, journal: 1, tables: dictionary() })
  })

  test.each([
    ['not JSON', '{"format": 1,', /is not JSON/],
    ['of a later format', '{"format":2,"journal":1,"tables":{}}', /has format 2; this version reads format 1/],
    ['not a document', 'null', /has format undefined/],
    ['without tables', '{"format":1,"journal":1}', DamagedRecords],
  ])('refuses one that is %s and leaves it as it is', async (_case, content, message) => {
    writeFileSync(documentPath(folder), content)
    await expect(readDocument(folder)).rejects.toThrow(message)
    await expect(readDocument(folder)).rejects.toBeInstanceOf(DamagedRecords)
    expect(readFileSync(documentPath(folder), 'utf8')).toBe(content)
  })
})

describe('replay', () => {
  test('applies the journals after the document in order, up to the one it is told', async () => {
    writeFileSync(documentPath(folder), '{"format":1,"journal":2,"tables":{"tags":{"a":{"v":1},"b":{"v":1}}}}')
    journal(1, [['tags', 'stale', {}]])
    journal(2, [['tags', 'a', { v: 2 }]], [['tags', 'b', null]])
    journal(3, [['tags', 'a', { v: 3 }]])
    const all = await replay(folder)
    expect(plain(all.document.tables)).toEqual({ tags: { a: { v: 3 } } })
    expect(all.last).toEqual({ number: 3, length: readFileSync(journalPath(folder, 3)).length })
    expect(plain((await replay(folder, 3)).document.tables)).toEqual({ tags: { a: { v: 2 } } })
  })

  test.each([
    ['between others', [1, 3], 2],
    ['that the document names', [2], 1],
  ])('refuses to go on without a journal %s', async (_case, present, missing) => {
    for (const number of present) journal(number, [['tags', 'a', {}]])
    await expect(replay(folder)).rejects.toThrow(`${journalPath(folder, missing)} is missing`)
  })

  test('ignores other files in the folder', async () => {
    for (const name of ['journal-1.log', 'journal-00000001.log.old', 'records.json.new', 'x'])
      writeFileSync(join(folder, name), 'x')
    expect((await replay(folder)).last).toEqual({ number: 1, length: 0 })
  })
})

describe('rewriteDocument', () => {
  test('takes the journals before the given one into a document that people can read, and removes them', async () => {
    journal(1, [['tags', 'a', { v: 1 }]])
    journal(2, [['tags', 'b', { v: 2 }]])
    journal(3, [['tags', 'c', { v: 3 }]])
    await rewriteDocument(folder, 3)
    expect(readdirSync(folder).sort()).toEqual(['journal-00000003.log', 'records.json'])
    const text = readFileSync(documentPath(folder), 'utf8')
    expect(text.split('\n').length).toBeGreaterThan(5)
    expect(JSON.parse(text)).toEqual({ format: 1, journal: 3, tables: { tags: { a: { v: 1 }, b: { v: 2 } } } })
    expect(plain((await replay(folder)).document.tables)).toEqual({ tags: { a: { v: 1 }, b: { v: 2 }, c: { v: 3 } } })
  })

  test('removes nothing when a journal is damaged', async () => {
    journal(1, [['tags', 'a', {}]], [['tags', 'b', {}]])
    const bytes = readFileSync(journalPath(folder, 1))
    bytes[12] = 0
    writeFileSync(journalPath(folder, 1), bytes)
    await expect(rewriteDocument(folder, 2)).rejects.toBeInstanceOf(DamagedRecords)
    expect(readFileSync(journalPath(folder, 1))).toEqual(bytes)
    expect(existsSync(documentPath(folder))).toBe(false)
  })
})
