import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, systemClock } from '../state/clock.ts'
import { privateFolder } from '../state/files.ts'
import { openBucketBook } from './bucket-book.ts'
import { type Buckets, createBuckets } from './buckets.ts'
import type { Engine } from './engine.ts'
import { createLifecycles, type Lifecycles } from './expire.ts'
import { type FileLayer, hostFiles, openFileSpace, unsyncedFiles } from './file-space.ts'
import { watchFreeSpace } from './free-space.ts'
import { createLeases } from './leases.ts'
import { createLocks } from './locks.ts'
import { createObjects, type Objects } from './objects.ts'
import { forgetFile } from './receive.ts'
import { openTables, type TablesOptions } from './tables.ts'
import { createUploads, type Uploads } from './uploads.ts'

/**
 * Buckets, objects and multipart uploads, in the vocabulary of S3 but without its wire. What it refuses it throws as
 * StoreRefusal. When a promise resolves, the change is on disk; a crash leaves the old or the new state, never a mix.
 */
export interface ObjectStore extends Buckets, Objects, Uploads, Lifecycles {
  /** Resolves when everything is on disk and closed. Who still reads gets errors. */
  close(): Promise<void>
}

/** Where the store lies, and what it takes from outside. */
export interface ObjectStoreOptions {
  readonly folder: string
  readonly clock?: Clock
  /** That many random bytes, for ids. */
  readonly random?: (bytes: number) => Buffer
  /** Whether a change is on disk when its promise resolves; it is unless told otherwise. */
  readonly durable?: boolean
  /** What the store writes by, in place of the system's files and LMDB: for tests of its order and of full disks. */
  readonly layers?: StoreLayers
}

/** The two things that the store writes by. */
export interface StoreLayers {
  readonly files?: FileLayer
  readonly index?: NonNullable<TablesOptions['open']>
}

/** Random bytes, drawn from the system in blocks: by itself each draw costs as much as a row of the index. */
function pooledRandom(): (bytes: number) => Buffer {
  const block = Buffer.alloc(8192)
  let used = block.length
  return (bytes) => {
    if (used + bytes > block.length) {
      randomFillSync(block)
      used = 0
    }
    used += bytes
    return block.subarray(used - bytes, used)
  }
}

/** Ids of 32 hex digits: the time, how many have been drawn, and half of it at random. */
function ascendingIds(clock: Clock, random: (bytes: number) => Buffer): () => string {
  const digits = (number: number, length: number) => number.toString(16).padStart(length, '0')
  let drawn = 0
  return () => {
    drawn = (drawn + 1) % 2 ** 20
    return digits(clock.now().getTime(), 11) + digits(drawn, 5) + random(8).toString('hex')
  }
}

/**
 * Opens the store in a folder, which is made (0700). Files that a crash left without a record are removed first; only
 * those are looked at, however many objects there are.
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { folder, clock = systemClock, random = pooledRandom(), durable = true, layers = {} } = options
  await privateFolder(folder)
  const layer = layers.files ?? (durable ? hostFiles : unsyncedFiles)
  const files = await openFileSpace(join(folder, 'files'), layer)
  const tables = openTables(join(folder, 'index.mdb'), { durable, ...(layers.index && { open: layers.index }) })
  const engine: Engine = {
    tables,
    buckets: openBucketBook(tables),
    files,
    space: watchFreeSpace({ disk: () => layer.free(folder), index: tables.spare }, clock),
    clock,
    newId: () => random(16).toString('hex'),
    nextId: ascendingIds(clock, random),
    locks: createLocks(),
    leases: createLeases(),
    removals: new Set(),
    closing: false,
  }
  await Promise.all([...tables.unowned.getKeys()].map((key) => forgetFile(engine, Buffer.from(key).toString())))
  const contents = { ...createObjects(engine), ...createUploads(engine) }
  return {
    ...createBuckets(engine),
    ...contents,
    ...createLifecycles(engine, contents),
    async close() {
      engine.closing = true
      await Promise.all(engine.removals)
      await tables.close()
    },
  }
}
