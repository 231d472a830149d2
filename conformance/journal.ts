import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConformanceRefused } from './refused.ts'

/** What stands in the first line of a journal. */
export interface JournalHead {
  readonly run: string
  /** The target's name, and where its EC2 is: the cloud that the leftovers are on. An emulator of the run's own has none. */
  readonly target: string
  readonly endpoint: string
  readonly started: string
  /** The process of the runner. */
  readonly pid: number
}

/** One line behind it. */
export type JournalLine =
  /** The addresses that were there before: those cannot be named. */
  | { readonly addresses: readonly string[] }
  /** A name was handed out: from now on something may have it. */
  | { readonly name: string }
  /** A request that makes things without a name goes out, with this mark on it where the action can carry one. */
  | { readonly asked: string; readonly mark: string }
  /** The request with that mark was answered, and this is what it made; nothing when it was refused. */
  | { readonly answered: string; readonly made: readonly string[] }
  /** A folder of this machine. */
  | { readonly folder: string }
  /** What the case's clean-up calls a thing was removed. */
  | { readonly removed: string }

/** Where intents are written down before they are acted on. */
export interface Journal {
  /** On the disk when it returns: what a kill leaves behind can be found from it. */
  write(line: JournalLine): void
  /** Ends it: the file goes when nothing was left behind. */
  close(isClean: boolean): void
}

/** For runs whose cloud ends with them. */
export const noJournal: Journal = { write: () => undefined, close: () => undefined }

/** Opens a new journal, and the folder that it lies in. Throws when the file is there already. */
export function openJournal(path: string, head: JournalHead): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, 'ax', 0o600)
  const write = (line: JournalLine | JournalHead) => {
    writeSync(file, `${JSON.stringify(line)}\n`)
    fsyncSync(file)
  }
  write(head)
  return {
    write,
    close(isClean) {
      closeSync(file)
      if (isClean) rmSync(path)
    },
  }
}

/** What a journal says. */
export interface Intents {
  readonly head: JournalHead
  readonly names: readonly string[]
  /** The addresses that were there before; undefined when the run has not begun. */
  readonly addresses: readonly string[] | undefined
  /** What unnamed things were made, by their ids. */
  readonly made: readonly string[]
  /** The actions of requests of which nobody knows what they have made. */
  readonly unanswered: readonly string[]
  readonly folders: readonly string[]
}

/** Reads a journal. A kill may have torn its last line: nothing was acted on that was not written whole. */
export function readJournal(path: string): Intents {
  const [first, ...rest] = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  if (first === undefined)
    throw new ConformanceRefused(`the journal ${path} has not even its first line: its run has made nothing`)
  const head = JSON.parse(first) as JournalHead
  const lines = rest.map((line) => JSON.parse(line) as JournalLine)
  const asked = new Map(lines.flatMap((line) => ('asked' in line ? [[line.mark, line.asked] as const] : [])))
  const answers = lines.flatMap((line) => ('answered' in line ? [line] : []))
  for (const { answered } of answers) asked.delete(answered)
  return {
    head,
    addresses: lines.flatMap((line) => ('addresses' in line ? [line.addresses] : []))[0],
    names: lines.flatMap((line) => ('name' in line ? [line.name] : [])),
    made: answers.flatMap(({ made }) => made),
    unanswered: [...asked.values()],
    folders: lines.flatMap((line) => ('folder' in line ? [line.folder] : [])),
  }
}
