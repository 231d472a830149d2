import type { Readable } from 'node:stream'
import { type Acl, allowed, type Requester } from './acl.ts'
import { type ByteRange, hold, release } from './data.ts'
import { bucketNamed, checked, type Engine, lock, removeLater } from './engine.ts'
import { afterPrefix, indexKey, seekKey } from './keys.ts'
import { type Page, type PageRequest, page } from './paging.ts'
import { receive } from './receive.ts'
import type { ObjectHeaders, ObjectRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'
import { lookUp } from './tables.ts'

/** An object to store; its ACL names its owner. */
export interface NewObject extends ObjectHeaders {
  readonly bucket: string
  readonly key: string
  readonly acl: Acl
  readonly body: Readable
  /** Hex MD5 of the body, asked for after its end; without it the store computes it. */
  readonly md5?: () => string
  /** Sees the object that is there when the new one would replace it; throws to refuse that. */
  readonly condition?: (present: ObjectRecord | undefined) => void
}

/** An object whose bytes stay as they are, whoever overwrites or deletes it, until it is read or closed. */
export interface OpenObject {
  readonly record: ObjectRecord
  /** Bytes of each part if an upload made the object; else one number, its size. */
  readonly pieceSizes: readonly number[]
  /** The bytes, or a range of them. It must be read to its end or destroyed. */
  body(range?: ByteRange): Readable
  close(): void
}

/** Objects of the store: see ObjectStore. */
export interface Objects {
  /** Reads the body to its end, then replaces what is there. Throws NoSuchBucket and what the body is destroyed with. */
  putObject(object: NewObject): Promise<ObjectRecord>
  findObject(bucket: string, key: string): Promise<ObjectRecord | undefined>
  /** Opens an object; with a requester only if its ACL lets them read. Throws NoSuchBucket, NoSuchKey, AccessDenied. */
  openObject(bucket: string, key: string, options?: { requester?: Requester }): Promise<OpenObject>
  /** Opens and streams an object or a range of it; throws as `openObject`. */
  read(
    bucket: string,
    key: string,
    options?: { range?: ByteRange; requester?: Requester },
  ): Promise<{ record: ObjectRecord; body: Readable }>
  /** Replaces what `change` returns. Throws NoSuchBucket and NoSuchKey. */
  changeObject(bucket: string, key: string, change: (object: ObjectRecord) => { acl: Acl }): Promise<void>
  /** Removes an object. False when there was none. Throws NoSuchBucket. */
  deleteObject(bucket: string, key: string): Promise<boolean>
  /** A page of the keys, in order of their UTF-8 bytes. Throws NoSuchBucket. */
  listObjects(bucket: string, request: PageRequest): Promise<Page<ObjectRecord>>
}

const find = ({ tables }: Engine, bucket: string, key: string) => lookUp(tables.objects, indexKey([bucket], key))

function objectNamed(engine: Engine, bucket: string, key: string): ObjectRecord {
  bucketNamed(engine, bucket)
  const object = find(engine, bucket, key)
  if (!object) throw new StoreRefusal('NoSuchKey', `${bucket}/${key}`)
  return object
}

/** Holds the locks under which an object may be written. */
const writing = <Result>(engine: Engine, bucket: string, key: string, work: () => Promise<Result>) =>
  engine.locks.hold([lock.inBucket(bucket), lock.object(bucket, key)], work)

async function putObject(engine: Engine, object: NewObject): Promise<ObjectRecord> {
  const { bucket, key, acl, headers, metadata, condition } = object
  const received = await receive(engine, object.body, object.md5)
  return writing(engine, bucket, key, async () => {
    const replaced = await checked(received, () => {
      bucketNamed(engine, bucket)
      const present = find(engine, bucket, key)
      condition?.(present)
      return present
    })
    const { data, md5: etag } = received
    const lastModified = engine.clock.now().getTime()
    const record: ObjectRecord = { bucket, key, acl, headers, metadata, data, etag, lastModified }
    let files: string[] = []
    await engine.tables.commit((writes) => {
      received.keep(writes)
      writes.put(engine.tables.objects, indexKey([bucket], key), record)
      if (replaced) files = release(engine.tables, writes, replaced.data)
    })
    removeLater(engine, files)
    return record
  })
}

function openObject(engine: Engine, bucket: string, key: string, requester?: Requester): OpenObject {
  const record = objectNamed(engine, bucket, key)
  if (requester && !allowed(record.acl, requester, 'READ')) throw new StoreRefusal('AccessDenied', `${bucket}/${key}`)
  const { pieceSizes, stream, letGo } = hold(engine, engine.leases, record.data)
  const whole = { start: 0, end: record.data.size - 1 }
  return { record, pieceSizes, body: (range = whole) => stream(range), close: letGo }
}

/** Objects over an engine. */
export function createObjects(engine: Engine): Objects {
  const { tables } = engine
  return {
    putObject: (object) => putObject(engine, object),
    findObject: async (bucket, key) => find(engine, bucket, key),
    openObject: async (bucket, key, { requester } = {}) => openObject(engine, bucket, key, requester),
    async read(bucket, key, { range, requester } = {}) {
      const { record, body } = openObject(engine, bucket, key, requester)
      return { record, body: body(range) }
    },
    changeObject: (bucket, key, change) =>
      writing(engine, bucket, key, async () => {
        const object = objectNamed(engine, bucket, key)
        const changed = { ...object, ...change(object) }
        await tables.commit((writes) => writes.put(tables.objects, indexKey([bucket], key), changed))
      }),
    deleteObject: (bucket, key) =>
      writing(engine, bucket, key, async () => {
        bucketNamed(engine, bucket)
        const object = find(engine, bucket, key)
        if (!object) return false
        let files: string[] = []
        await tables.commit((writes) => {
          writes.remove(tables.objects, indexKey([bucket], key))
          files = release(tables, writes, object.data)
        })
        removeLater(engine, files)
        return true
      }),
    async listObjects(bucket, request) {
      bucketNamed(engine, bucket)
      const end = afterPrefix(indexKey([bucket]))
      const start = request.after === '' ? undefined : Buffer.concat([Buffer.from(request.after), Buffer.of(0)])
      const scan = (from: Uint8Array) =>
        tables.objects
          .getRange({ start: seekKey([bucket], from), end })
          .map(({ value }) => ({ name: value.key, row: value }))
      return page(scan, request, start)
    },
  }
}
