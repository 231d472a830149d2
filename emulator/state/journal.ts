import { type FileHandle, open, readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/** One write to a table: the record under its id, or its removal. */
export type Write = readonly [table: string, id: string, record: unknown]

/** A journal or document that cannot be what this program wrote: refused untouched, never repaired by guessing. */
export class DamagedRecords extends Error {
  override readonly name = 'DamagedRecords'
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')

/**
 * The changes of one append as a line: checksum, then JSON. `changes` are the writes of each change, as JSON. A line
 * counts as a whole or not at all, so what a power cut leaves of an append is always the last line.
 */
export function journalLine(changes: readonly string[]): string {
  const text = `[${changes.join(',')}]`
  return `${checksum(text)} ${text}\n`
}

/**
 * Reads the lines of a journal. A torn last line (the power went while it was written, so nobody was told that it is
 * there) ends the journal; `length` is where the whole lines end. A bad line before others throws DamagedRecords.
 */
export function parseJournal(bytes: Buffer, path: string): { changes: Write[][]; length: number } {
  const changes: Write[][] = []
  let position = 0
  while (position < bytes.length) {
    const end = bytes.indexOf('\n', position)
    const text = end < 0 ? undefined : bytes.toString('utf8', position + 9, end)
    if (text === undefined || `${checksum(text)} ` !== bytes.toString('latin1', position, position + 9)) {
      if (end >= 0 && end + 1 < bytes.length) {
        throw new DamagedRecords(
          `${path} is damaged at byte ${position}; restore it from a copy or remove the data folder`,
        )
      }
      break
    }
    changes.push(...(JSON.parse(text) as Write[][]))
    position = end + 1
  }
  return { changes, length: position }
}

/** Reads a journal file; one that is not there is empty. */
export async function readJournal(path: string): Promise<{ changes: Write[][]; length: number }> {
  try {
    return parseJournal(await readFile(path), path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { changes: [], length: 0 }
    throw error
  }
}

/** An open journal: text goes to its end and is on disk when `append` resolves. */
export interface Journal {
  readonly bytes: number
  append(text: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a journal to append from `length` on, cutting off a torn end. An append that fails (a full disk) is cut off
 * again, so that a later one never follows half a line; where even that fails, the journal takes nothing more. Without
 * `durable` an append is not waited for until it is on disk.
 */
export async function openJournal(path: string, length: number, durable = true): Promise<Journal> {
  const file: FileHandle = await open(path, 'a', 0o600)
  await file.truncate(length)
  let bytes = length
  let broken: unknown
  return {
    get bytes() {
      return bytes
    },
    async append(text) {
      if (broken) throw new Error(`${path} takes no changes since one could not be undone`, { cause: broken })
      try {
        await file.appendFile(text)
        if (durable) await file.datasync()
      } catch (error) {
        await cutOff(file, bytes).catch((reason) => {
          broken = reason
        })
        throw error
      }
      bytes += Buffer.byteLength(text)
    },
    close: () => file.close(),
  }
}

/** Synced, because a refused change must not come back after a power cut. */
async function cutOff(file: FileHandle, length: number): Promise<void> {
  await file.truncate(length)
  await file.datasync()
}
