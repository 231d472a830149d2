import type { RootDatabase } from 'lmdb'
import type { Change, Table } from './tables.ts'

/**
 * Makes all writes of a change or none. Resolves when readers see them and, where that is asked for, when they are on
 * disk. What the change depends on must be held by a lock until then. A change reads what was there before it.
 */
export type Commit = (change: (writes: Change) => void) => Promise<void>

/** Who is told of the writes of a commit. */
export interface Watch {
  /** A row is about to be written. */
  writing(table: object, key: Uint8Array): void
  /** Readers see all of them now. */
  written(): void
}

/** One row to write, or to remove. */
interface Write {
  readonly table: Table<unknown>
  readonly key: Uint8Array
  readonly value: unknown
  readonly isRemoval: boolean
}

interface Waiting {
  readonly writes: readonly Write[]
  readonly done: () => void
  readonly refuse: (error: unknown) => void
}

/** Writes and flushes on a thread of LMDB; what is written meanwhile shares the next flush. */
async function writeAndFlush(root: RootDatabase, writes: readonly Write[], written: () => void): Promise<void> {
  const promises = new Set<Promise<unknown>>()
  // A batch is one transaction of LMDB. (An asynchronous transaction callback would do as well, but lmdb 3.5.6 never
  // calls it back on some machines.)
  const batch = root.batch(() => {
    for (const { table, key, value, isRemoval } of writes) {
      promises.add(isRemoval ? table.remove(key) : table.put(key, value))
    }
  })
  await Promise.all([batch, ...promises])
  written()
  await root.flushed
}

/** Writes on this thread: without a flush to wait for, handing it to another one costs more than the writing. */
function writeHere(root: RootDatabase, writes: readonly Write[]): void {
  root.transactionSync(() => {
    for (const { table, key, value, isRemoval } of writes) {
      if (isRemoval) table.removeSync(key)
      else table.putSync(key, value)
    }
  })
}

/** Commits to an index. What comes in one turn of the event loop is one transaction. `close` writes what still waits. */
export function openCommits(
  root: RootDatabase,
  { durable, watch }: { readonly durable: boolean; readonly watch: () => Watch },
): { readonly commit: Commit; close(): void } {
  let waiting: Waiting[] = []

  async function write(changes: readonly Waiting[]): Promise<void> {
    const { writing, written } = watch()
    const writes = changes.flatMap((change) => change.writes)
    for (const { table, key } of writes) writing(table, key)
    if (durable) return writeAndFlush(root, writes, written)
    writeHere(root, writes)
    written()
  }

  async function writeWaiting(): Promise<void> {
    const changes = waiting
    waiting = []
    try {
      await write(changes)
      for (const { done } of changes) done()
    } catch (error) {
      for (const { refuse } of changes) refuse(error)
    }
  }

  return {
    commit: (change) =>
      new Promise((done, refuse) => {
        const writes: Write[] = []
        change({
          put: (table, key, value) =>
            void writes.push({ table: table as Table<unknown>, key, value, isRemoval: false }),
          remove: (table, key) =>
            void writes.push({ table: table as Table<unknown>, key, value: undefined, isRemoval: true }),
        })
        if (waiting.push({ writes, done, refuse }) === 1) setImmediate(writeWaiting)
      }),
    close() {
      if (waiting.length > 0) void writeWaiting()
    },
  }
}
