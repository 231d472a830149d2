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

/** Where a run may leave something. */
export interface JournalScope {
  /** The numbers of its accounts. */
  readonly accounts: readonly string[]
  /** What its target declared. */
  readonly capabilities: readonly string[]
}

/** One line behind it. */
export type JournalLine =
  /** What the run begins with: the addresses that were there before, as those cannot be named; and what it works with. */
  | ({ readonly addresses: readonly string[] } & Partial<JournalScope>)
  /** A name was handed out: from now on something may have it. */
  | { readonly name: string }
  /** A request that makes things without a name goes out, with this mark on it where the action can carry one. */
  | { readonly asked: string; readonly mark: string }
  /** The request with that mark was answered, and this is what it made; nothing when it was refused. */
  | { readonly answered: string; readonly made: readonly string[] }
  /** An address was given back: whoever has it from now on is somebody else. */
  | { readonly released: string }
  /** What this request has changed is not known: its answer was lost, or is a 5xx. */
  | { readonly lost: string }
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
  let isOpen = true
  return {
    write(line) {
      // The number of its descriptor may be another file's by now.
      if (!isOpen) throw new Error('the run is over: nothing more is begun')
      write(line)
    },
    close(isClean) {
      isOpen = false
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
  /** Undefined when the run has not begun. */
  readonly scope: JournalScope | undefined
  /** What unnamed things were made, by their ids; without the addresses that were given back. */
  readonly made: readonly string[]
  /** The actions of requests of which nobody knows what they have made. */
  readonly unanswered: readonly string[]
  /** The requests whose answers were lost: what has a name may have been made by one. */
  readonly lost: readonly string[]
  readonly folders: readonly string[]
  /** How many lines cannot be read, and are in none of the above. */
  readonly damaged: number
}

/** A journal without even its first line: whoever began it was killed before it did anything. */
export class EmptyJournal extends ConformanceRefused {}

function headOf(line: string, path: string): JournalHead {
  const head = parsed<JournalHead>(line)
  const isWhole = /^[0-9a-f]{8}$/.test(head?.run ?? '') && typeof head?.endpoint === 'string' && Number(head.pid) > 0
  if (!head || !isWhole) throw new ConformanceRefused(`the journal ${path} is damaged: its first line names no run`)
  return head
}

function parsed<Line extends object>(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    // Nothing but a file that was damaged is no JSON; the caller says so.
    return undefined
  }
}

/** What was made, in the order of the lines: an address that was given back may be made again. */
function madeIn(lines: readonly JournalLine[]): string[] {
  const made = new Set<string>()
  for (const line of lines) {
    if ('answered' in line) for (const id of line.made) made.add(id)
    if ('released' in line) made.delete(line.released)
  }
  return [...made]
}

/**
 * Reads a journal. A kill may have torn its last line: nothing was acted on that was not written whole. Throws EmptyJournal,
 * and ConformanceRefused for one that does not say whose it is.
 */
export function readJournal(path: string): Intents {
  const [first, ...rest] = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  if (first === undefined)
    throw new EmptyJournal(`the journal ${path} has not even its first line: its run has made nothing`)
  const head = headOf(first, path)
  const all = rest.map((line) => parsed<JournalLine>(line))
  const lines = all.filter((line) => line !== undefined)
  const asked = new Map(lines.flatMap((line) => ('asked' in line ? [[line.mark, line.asked] as const] : [])))
  for (const line of lines) if ('answered' in line) asked.delete(line.answered)
  const begin = lines.find((line) => 'addresses' in line)
  const { accounts, capabilities } = begin ?? {}
  return {
    head,
    addresses: begin?.addresses,
    scope: accounts && capabilities && { accounts, capabilities },
    names: lines.flatMap((line) => ('name' in line ? [line.name] : [])),
    made: madeIn(lines),
    unanswered: [...asked.values()],
    lost: lines.flatMap((line) => ('lost' in line ? [line.lost] : [])),
    folders: lines.flatMap((line) => ('folder' in line ? [line.folder] : [])),
    damaged: all.length - lines.length,
  }
}
