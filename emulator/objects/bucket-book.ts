import { indexKey } from './keys.ts'
import type { BucketRecord } from './records.ts'
import { lookUp, type Tables } from './tables.ts'

/** The records of buckets, each decoded once: every request looks at one. They must not be changed in place. */
export interface BucketBook {
  find(name: string): BucketRecord | undefined
  /** Changes a bucket's record in the index, or removes it; its lock must be held. Meanwhile the index itself is read. */
  change<Result>(name: string, work: () => Promise<Result>): Promise<Result>
}

/** So many records are kept; an account has a hundred buckets at most. */
const most = 1000

/** Opens the book over an index. */
export function openBucketBook({ buckets }: Pick<Tables, 'buckets'>): BucketBook {
  const known = new Map<string, BucketRecord>()
  const changing = new Set<string>()
  return {
    find(name) {
      const present = known.get(name)
      if (present) return present
      const found = lookUp(buckets, indexKey([], name))
      if (!found || changing.has(name)) return found
      if (known.size >= most) known.clear()
      known.set(name, found)
      return found
    },
    async change(name, work) {
      changing.add(name)
      known.delete(name)
      try {
        return await work()
      } finally {
        changing.delete(name)
      }
    },
  }
}
