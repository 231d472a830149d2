import type { Acl } from './acl.ts'
import { bucketNamed, type Engine, lock, removeLater } from './engine.ts'
import { afterPrefix, indexKey } from './keys.ts'
import type { BucketRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'
import type { Change } from './tables.ts'
import { dropUpload } from './uploads.ts'

/** A bucket to make; its ACL names its owner. */
export interface NewBucket {
  readonly name: string
  readonly acl: Acl
  readonly location: string
}

/** S3's limit and Eucalyptus' default (eucalyptus-behaviour.md section 10.1). */
export const mostBuckets = 100

/** Buckets of the store: see ObjectStore. */
export interface Buckets {
  /** Throws BucketAlreadyExists, whoever owns it, and TooManyBuckets. */
  createBucket(bucket: NewBucket): Promise<BucketRecord>
  findBucket(name: string): Promise<BucketRecord | undefined>
  /** The buckets of an account, by name. */
  listBuckets(accountId: string): Promise<BucketRecord[]>
  /** Replaces what `change` returns, which is never its name or owner. Throws NoSuchBucket. */
  changeBucket(name: string, change: (bucket: BucketRecord) => Partial<BucketRecord>): Promise<void>
  /** Removes an empty bucket with its incomplete uploads. Throws NoSuchBucket and BucketNotEmpty. */
  deleteBucket(name: string): Promise<void>
}

const range = (...texts: string[]) => {
  const start = indexKey(texts)
  return { start, end: afterPrefix(start) }
}

/** Buckets over an engine. */
export function createBuckets(engine: Engine): Buckets {
  const { tables, locks, clock } = engine
  const { buckets, accountBuckets } = tables
  return {
    createBucket: ({ name, acl, location }) =>
      locks.hold([lock.bucket(name), lock.account(acl.owner.accountId)], async () => {
        const { accountId } = acl.owner
        if (engine.buckets.find(name)) throw new StoreRefusal('BucketAlreadyExists', name)
        if (accountBuckets.getKeysCount(range(accountId)) >= mostBuckets) throw new StoreRefusal('TooManyBuckets', name)
        await engine.space.take(4096, 'index')
        const bucket = { name, acl, location, createdAt: clock.now().getTime() }
        const write = (writes: Change) => {
          writes.put(buckets, indexKey([], name), bucket)
          writes.put(accountBuckets, indexKey([accountId], name), true)
        }
        await engine.buckets.change(name, () => tables.commit(write))
        return bucket
      }),
    findBucket: async (name) => engine.buckets.find(name),
    async listBuckets(accountId) {
      const names = [...accountBuckets.getKeys(range(accountId))].map((key) =>
        Buffer.from(key).toString('utf8', Buffer.byteLength(accountId) + 1),
      )
      return names.flatMap((name) => engine.buckets.find(name) ?? [])
    },
    changeBucket: (name, change) =>
      locks.hold([lock.bucket(name)], async () => {
        const bucket = bucketNamed(engine, name)
        const changed = { ...bucket, ...change(bucket) }
        const write = (writes: Change) => writes.put(buckets, indexKey([], name), changed)
        await engine.buckets.change(name, () => tables.commit(write))
      }),
    deleteBucket: (name) =>
      locks.hold([lock.bucket(name)], async () => {
        const bucket = bucketNamed(engine, name)
        const { objects, versions } = tables
        if ([objects, versions].some((table) => table.getKeysCount({ ...range(name), limit: 1 }) > 0))
          throw new StoreRefusal('BucketNotEmpty', name)
        const uploads = [...tables.uploads.getRange(range(name))].map(({ value }) => value)
        const files: string[] = []
        const remove = (writes: Change) => {
          for (const upload of uploads) files.push(...dropUpload(engine, writes, upload))
          writes.remove(buckets, indexKey([], name))
          writes.remove(accountBuckets, indexKey([bucket.acl.owner.accountId], name))
        }
        await engine.buckets.change(name, () => tables.commit(remove))
        removeLater(engine, files)
      }),
  }
}
