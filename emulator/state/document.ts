import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './files.ts'
import { DamagedRecords, readJournal, type Write } from './journal.ts'

/** All records: table, id, record. Neither level has a prototype: a user may well name a key pair `constructor`. */
export type Tables = Record<string, Record<string, unknown>>

/** An object without a prototype that holds the same fields. */
export const dictionary = <Value>(fields: Record<string, Value> = {}): Record<string, Value> =>
  Object.assign(Object.create(null), fields)

/** The readable document: what all journals up to number `journal` (exclusive) have made of the tables. */
export interface RecordsDocument {
  format: 1
  /** The number of the first journal that is not in the document yet. */
  journal: number
  tables: Tables
}

/** The document's path in the folder of the records. */
export const documentPath = (folder: string) => join(folder, 'records.json')

/** The path of journal number `n`. */
export const journalPath = (folder: string, n: number) => join(folder, `journal-${String(n).padStart(8, '0')}.log`)

/** Applies the writes of one change to the tables. */
export function applyWrites(tables: Tables, writes: readonly Write[]): void {
  for (const [table, id, record] of writes) {
    const records = tables[table] ?? dictionary()
    tables[table] = records
    if (record === null) delete records[id]
    else records[id] = record
  }
}

/** The numbers of the journals in the folder, ascending. */
export async function journalNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names
    .flatMap((name) => /^journal-(\d{8})\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Reads the document, or the empty one. Throws DamagedRecords, also for a format of a later version. */
export async function readDocument(folder: string): Promise<RecordsDocument> {
  const path = documentPath(folder)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { format: 1, journal: 1, tables: dictionary() }
    throw error
  }
  let document: Partial<RecordsDocument> | null
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new DamagedRecords(`${path} is not JSON; restore it from a copy or remove the data folder`, { cause: error })
  }
  if (document?.format !== 1 || !document.journal || !document.tables)
    throw new DamagedRecords(`${path} has format ${document?.format}; this version reads format 1`)
  const tables = Object.entries(document.tables).map(([name, records]) => [name, dictionary(records)] as const)
  return { format: 1, journal: document.journal, tables: dictionary(Object.fromEntries(tables)) }
}

/**
 * The document with every journal from its own number up to `before` (exclusive; all, when left out) applied; and
 * where the last journal's whole lines end. Throws DamagedRecords, also when a journal between others is not there.
 */
export async function replay(folder: string, before = Number.POSITIVE_INFINITY) {
  const document = await readDocument(folder)
  let last = { number: document.journal, length: 0 }
  const numbers = (await journalNumbers(folder)).filter((number) => number >= document.journal && number < before)
  for (const [index, number] of numbers.entries()) {
    const expected = document.journal + index
    if (number !== expected)
      throw new DamagedRecords(`${journalPath(folder, expected)} is missing; restore it or remove the data folder`)
    const { changes, length } = await readJournal(journalPath(folder, number))
    for (const writes of changes) applyWrites(document.tables, writes)
    last = { number, length }
  }
  return { document, last }
}

/** Rewrites the document from the journals before number `before`, in one step, and removes those journals. */
export async function rewriteDocument(folder: string, before: number): Promise<void> {
  const { document } = await replay(folder, before)
  await replaceFile(documentPath(folder), `${JSON.stringify({ ...document, journal: before }, undefined, 1)}\n`)
  for (const number of await journalNumbers(folder)) {
    if (number < before) await rm(journalPath(folder, number), { force: true })
  }
}
