import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { type FileLayer, hostFiles } from './file-space.ts'
import type { StoreLayers } from './store.ts'

type OpenIndex = NonNullable<StoreLayers['index']>

/**
 * What the store writes, syncs and answers, in order. A killed process does not lose the page cache, so only this shows
 * that an answer waits for the disk.
 */
export interface Trace {
  readonly events: readonly string[]
  /** What has happened too early: a sentence each. */
  readonly breaches: readonly string[]
  /** The layers that are traced; what is put above them can lie to the store, but not to the trace. */
  readonly layers: Required<StoreLayers>
  /** An answer leaves: by then everything that was written has to be synced. */
  answer(what: string): void
}

/** Begins a trace. Files and folders are told apart by kind only, so that events can be compared. */
export function trace(): Trace {
  const events: string[] = []
  const breaches: string[] = []
  const unsynced = new Map<string, string>()
  const note = (event: string) => void events.push(event)
  const check = (what: string, but?: string) => {
    for (const [path, kind] of unsynced) if (path !== but) breaches.push(`${what} before ${kind} was synced`)
  }
  const dirty = (path: string, kind: string) => void unsynced.set(path, kind)
  const files: FileLayer = {
    ...hostFiles,
    async mkdir(path) {
      dirty(dirname(path), 'the folder of a folder')
      return hostFiles.mkdir(path)
    },
    async create(path) {
      note('create')
      dirty(dirname(path), 'the name of a file')
      return hostFiles.create(path)
    },
    async append(file, bytes) {
      if (events.at(-1) !== 'write') note('write')
      dirty(file.path, 'a file')
      return hostFiles.append(file, bytes)
    },
    async sync(file) {
      await hostFiles.sync(file)
      note('sync file')
      unsynced.delete(file.path)
    },
    async syncFolder(path) {
      await hostFiles.syncFolder(path)
      note('sync folder')
      unsynced.delete(path)
    },
  }
  const index = watchIndex({
    written() {
      note('index')
      check('the index was written', 'index')
      dirty('index', 'the index')
    },
    flushed() {
      note('flush index')
      unsynced.delete('index')
    },
  })
  return {
    events,
    breaches,
    layers: { files, index },
    answer(what) {
      note(`answer ${what}`)
      check(`${what} was answered`)
      unsynced.clear()
    },
  }
}

/** LMDB, told of. */
function watchIndex(told: { written(): void; flushed(): void }): OpenIndex {
  return aroundIndex((name, read, root) => {
    if (name === 'batch') {
      return (change: () => void) => {
        told.written()
        return root.batch(change)
      }
    }
    return name === 'flushed' ? root.flushed.then(told.flushed) : read()
  })
}

/** LMDB with something between it and the store: `get` gives each property of the root database. */
export function aroundIndex(
  get: (name: string | symbol, read: () => unknown, root: RootDatabase) => unknown,
  below: OpenIndex = open,
): OpenIndex {
  const opened = (options: Parameters<OpenIndex>[0]) => {
    const root = below(options as never) as RootDatabase
    return new Proxy(root, {
      get(target, name) {
        const read = () => {
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        }
        return get(name, read, target)
      },
    })
  }
  return opened as OpenIndex
}
