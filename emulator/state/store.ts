import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type Adapter, Low } from 'lowdb'
import { applyWrites, dictionary, journalPath, replay, rewriteDocument, type Tables } from './document.ts'
import { privateFolder, syncFolder } from './files.ts'
import { type Journal, journalLine, openJournal, type Write } from './journal.ts'

/** The records as one change sees them: everything before it, and its own writes. */
export interface Draft {
  get<Kind>(table: string, id: string): Kind | undefined
  list<Kind>(table: string): Kind[]
  put(table: string, id: string, record: object): void
  remove(table: string, id: string): void
}

/** The control-plane records. */
export interface Store {
  /** A record as it is on disk: a change that is still being written is not seen. */
  get<Kind>(table: string, id: string): Kind | undefined
  list<Kind>(table: string): Kind[]
  /**
   * Runs `change` on a draft and resolves with its result when all its writes are on disk. Changes run one after the
   * other; one that throws leaves nothing. Records are replaced, never altered in place.
   */
  change<Result>(change: (draft: Draft) => Result): Promise<Result>
  /** Waits for the changes under way, rewrites the document and lets go of the files. */
  close(): Promise<void>
}

/**
 * lowdb's storage: a JSON document plus a journal (architecture: a change costs the same with 10 or 100,000 records).
 * `write` rewrites the document in a worker thread from what is on disk, so the main thread never stringifies it.
 */
class JournalledDocument implements Adapter<Tables> {
  private readonly folder: string
  private readonly durable: boolean
  private journal: Journal | undefined
  private number = 1

  constructor(folder: string, durable: boolean) {
    this.folder = folder
    this.durable = durable
  }

  async read(): Promise<Tables> {
    await privateFolder(this.folder)
    const { document, last } = await replay(this.folder)
    await this.use(last.number, last.length)
    return document.tables
  }

  private async use(number: number, length: number): Promise<void> {
    const journal = await openJournal(journalPath(this.folder, number), length, this.durable)
    await syncFolder(this.folder)
    await this.journal?.close()
    this.journal = journal
    this.number = number
  }

  async append(text: string): Promise<number> {
    if (!this.journal) throw new Error('the records are closed')
    await this.journal.append(text)
    return this.journal.bytes
  }

  /** Starts the next journal; the caller keeps appends away meanwhile. */
  async rotate(): Promise<void> {
    await this.use(this.number + 1, 0)
  }

  async write(): Promise<void> {
    const url = new URL(
      import.meta.url.endsWith('.ts') ? './rewrite-worker.ts' : './rewrite-worker.js',
      import.meta.url,
    )
    // Node 20 runs no TypeScript: from the sources (tests) the rewrite happens on this thread.
    if (url.pathname.endsWith('.ts')) return rewriteDocument(this.folder, this.number)
    // No flags of ours: `node --eval` hands its own on, and a worker refuses them.
    const worker = new Worker(url, { workerData: { folder: this.folder, before: this.number }, execArgv: [] })
    await once(worker, 'message')
  }

  async close(): Promise<void> {
    await this.journal?.close()
    this.journal = undefined
  }
}

interface Waiting {
  run: (draft: Draft) => () => void
  refuse: (error: unknown) => void
}

/**
 * Opens the records in `folder`. `rewriteAt` is the journal's size in bytes after which the document is rewritten; with
 * `durable` false a change is answered before it is on disk.
 */
export async function openStore(folder: string, { rewriteAt = 8 * 2 ** 20, durable = true } = {}): Promise<Store> {
  const disk = new JournalledDocument(folder, durable)
  const records = new Low<Tables>(disk, {})
  await records.read()
  let waiting: Waiting[] = []
  let running: Promise<void> | undefined
  let rewriting: Promise<void> | undefined
  let closed: Promise<void> | undefined

  // All changes that wait are run, written with one fsync, applied and answered together (group commit).
  async function commitWaiting(): Promise<void> {
    while (waiting.length) {
      const group = waiting
      waiting = []
      const staged: Write[] = []
      const changes: string[] = []
      const answers: (() => void)[] = []
      for (const { run, refuse } of group) {
        const writes: Write[] = []
        try {
          const answer = run(draftOf(records.data, staged, writes))
          // A write after the change has ended (an async one) throws instead of being lost.
          Object.freeze(writes)
          if (writes.length) changes.push(JSON.stringify(writes))
          staged.push(...writes)
          answers.push(answer)
        } catch (error) {
          refuse(error)
        }
      }
      try {
        const bytes = changes.length ? await disk.append(journalLine(changes)) : 0
        applyWrites(records.data, staged)
        for (const answer of answers) answer()
        if (bytes > rewriteAt && !rewriting) await startRewrite()
      } catch (error) {
        for (const { refuse } of group) refuse(error)
      }
    }
    running = undefined
  }

  /** A failed rewrite loses nothing, the journals stay; it is tried again after a later change. */
  async function startRewrite(): Promise<void> {
    const report = (error: unknown) => console.error(`the document of the records was not rewritten: ${error}`)
    try {
      await disk.rotate()
    } catch (error) {
      return report(error)
    }
    rewriting = records
      .write()
      .catch(report)
      .finally(() => {
        rewriting = undefined
      })
  }

  async function finish(): Promise<void> {
    while (running || rewriting) await Promise.all([running, rewriting])
    await startRewrite()
    await rewriting
    await disk.close()
  }

  return {
    get: <Kind>(table: string, id: string) => records.data[table]?.[id] as Kind | undefined,
    list: <Kind>(table: string) => Object.values(records.data[table] ?? {}) as Kind[],
    change: (change) =>
      new Promise((resolve, reject) => {
        waiting.push({
          run: (draft) => {
            const result = change(draft)
            return () => resolve(result)
          },
          refuse: reject,
        })
        running ??= Promise.resolve().then(commitWaiting)
      }),
    close: () => {
      closed ??= finish()
      return closed
    },
  }
}

function draftOf(tables: Tables, staged: readonly Write[], writes: Write[]): Draft {
  const find = (table: string, id: string) => {
    const own =
      writes.findLast(([t, i]) => t === table && i === id) ?? staged.findLast(([t, i]) => t === table && i === id)
    return own ? (own[2] ?? undefined) : tables[table]?.[id]
  }
  return {
    get: <Kind>(table: string, id: string) => find(table, id) as Kind | undefined,
    list: <Kind>(table: string) => {
      const merged = dictionary({ [table]: dictionary(tables[table]) })
      applyWrites(merged, [...staged, ...writes])
      return Object.values(merged[table] ?? {}) as Kind[]
    },
    put: (table, id, record) => {
      writes.push([table, id, record])
    },
    remove: (table, id) => {
      writes.push([table, id, null])
    },
  }
}
