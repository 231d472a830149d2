import type { Clock } from '../state/clock.ts'
import type { BucketBook } from './bucket-book.ts'
import type { Leases } from './leases.ts'
import type { Hold, Locks } from './locks.ts'
import { forgetFile, type Received, type Room } from './receive.ts'
import type { BucketRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'

/** What the parts of the store share. */
export interface Engine extends Room {
  readonly buckets: BucketBook
  readonly locks: Locks
  readonly leases: Leases
  readonly clock: Clock
  /** Removals that go on in the background; `close` waits for them and begins no more. */
  readonly removals: Set<Promise<void>>
  closing: boolean
}

/** Names of locks. Whoever needs several takes them in this order: bucket, upload, object, account. */
export const lock = {
  bucket: (name: string): Hold => ({ name: `bucket ${name}` }),
  inBucket: (name: string): Hold => ({ name: `bucket ${name}`, shared: true }),
  upload: (id: string): Hold => ({ name: `upload ${id}` }),
  object: (bucket: string, key: string): Hold => ({ name: `object ${bucket} ${key}` }),
  account: (id: string): Hold => ({ name: `account ${id}` }),
}

/** The bucket's record. Throws NoSuchBucket. */
export function bucketNamed({ buckets }: Engine, name: string): BucketRecord {
  const bucket = buckets.find(name)
  if (!bucket) throw new StoreRefusal('NoSuchBucket', name)
  return bucket
}

/**
 * Removes released files in the background, each as soon as its last reader is done. What cannot be removed stays listed
 * as unowned and is tried again at the next start.
 */
export function removeLater(engine: Engine, ids: readonly string[]): void {
  for (const id of ids) void engine.leases.free(id).then(() => removeNow(engine, id))
}

async function removeNow(engine: Engine, id: string): Promise<void> {
  if (engine.closing) return
  const removal = forgetFile(engine, id).catch((error: unknown) => {
    process.emitWarning(`a removed object's file stays until the next start: ${String(error)}`)
  })
  engine.removals.add(removal)
  await removal
  engine.removals.delete(removal)
}

/** Runs a check on which it depends whether received bytes are kept; when it throws they are discarded. */
export async function checked<Result>(received: Received, check: () => Result): Promise<Result> {
  try {
    return check()
  } catch (error) {
    await received.discard()
    throw error
  }
}
