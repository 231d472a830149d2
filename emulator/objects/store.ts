import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, systemClock } from '../state/clock.ts'
import { privateFolder } from '../state/files.ts'
import { type Buckets, createBuckets } from './buckets.ts'
import type { Engine } from './engine.ts'
import { openFileSpace } from './file-space.ts'
import { createLeases } from './leases.ts'
import { createLocks } from './locks.ts'
import { createObjects, type Objects } from './objects.ts'
import { forgetFile } from './receive.ts'
import { openTables } from './tables.ts'
import { createUploads, type Uploads } from './uploads.ts'

/**
 * Buckets, objects and multipart uploads, in the vocabulary of S3 but without its wire. What it refuses it throws as
 * StoreRefusal. When a promise resolves, the change is on disk; a crash leaves the old or the new state, never a mix.
 */
export interface ObjectStore extends Buckets, Objects, Uploads {
  /** Resolves when everything is on disk and closed. Who still reads gets errors. */
  close(): Promise<void>
}

/** Where the store lies, and what it takes from outside. */
export interface ObjectStoreOptions {
  readonly folder: string
  readonly clock?: Clock
  /** That many random bytes, for ids. */
  readonly random?: (bytes: number) => Buffer
}

/**
 * Opens the store in a folder, which is made (0700). Files that a crash left without a record are removed first; only
 * those are looked at, however many objects there are.
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { folder, clock = systemClock, random = randomBytes } = options
  await privateFolder(folder)
  const files = await openFileSpace(join(folder, 'files'))
  const tables = openTables(join(folder, 'index.mdb'))
  const engine: Engine = {
    tables,
    files,
    clock,
    newId: () => random(16).toString('hex'),
    locks: createLocks(),
    leases: createLeases(),
    removals: new Set(),
    closing: false,
  }
  for (const key of [...tables.unowned.getKeys()]) await forgetFile(engine, Buffer.from(key).toString())
  return {
    ...createBuckets(engine),
    ...createObjects(engine),
    ...createUploads(engine),
    async close() {
      engine.closing = true
      await Promise.all(engine.removals)
      await tables.close()
    },
  }
}
