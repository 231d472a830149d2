import type { Hash } from 'node:crypto'

/** The hashes that are computed on threads of their own; CRCs cost less than handing the bytes over. */
export type ThreadedHash = 'md5' | 'sha1' | 'sha256'

/** What a hashing thread is told: bytes of a hash, its end, or that nobody wants it any more. */
export type HashOrder =
  | {
      readonly job: number
      readonly algorithm: ThreadedHash
      readonly memory: SharedArrayBuffer
      readonly offset: number
      readonly size: number
    }
  | { readonly job: number; readonly algorithm: ThreadedHash; readonly end: true }
  | { readonly job: number; readonly drop: true }

/** What it answers: the oldest bytes of that hash are no longer needed, or the hash itself. */
export interface HashReply {
  readonly job: number
  readonly digest?: Uint8Array
}

/**
 * All that a hashing thread runs. It is handed over as text, so that it runs from the sources, which Node 20 cannot
 * load, as it does once compiled: it must refer to nothing outside itself.
 */
export function hashOrders(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hashes = new Map<number, Hash>()
  parentPort?.on('message', (order: HashOrder) => {
    const { job } = order
    if ('drop' in order) {
      hashes.delete(job)
      return
    }
    const hash = hashes.get(job) ?? createHash(order.algorithm)
    if ('end' in order) {
      hashes.delete(job)
      parentPort.postMessage({ job, digest: hash.digest() })
      return
    }
    hashes.set(job, hash)
    hash.update(new Uint8Array(order.memory, order.offset, order.size))
    parentPort.postMessage({ job })
  })
}
