import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { blockSize } from './block-memory.ts'
import { createHashPool, type HashPool } from './hash-pool.ts'
import type { ThreadedHash } from './hash-worker.ts'

function pool(most?: number): HashPool {
  const made = createHashPool(most)
  onTestFinished(() => made.close())
  return made
}

const hex = (algorithm: ThreadedHash, pieces: readonly Buffer[]) => {
  const hash = createHash(algorithm)
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

const unexpected = (error: Error) => {
  throw error
}

/** Hashes blocks filled with numbers from `first` on; the last one is not full. */
async function hashed(threads: HashPool, algorithms: readonly ThreadedHash[], first: number) {
  const pieces = [0, 1, 2].map((index) => Buffer.alloc(index < 2 ? blockSize : 1000, first + index))
  const hashes = threads.start(algorithms, () => undefined, unexpected)
  for (const piece of pieces) {
    const block = threads.take()
    piece.copy(block.bytes)
    hashes.update(block, piece.length)
    threads.letGo(block)
  }
  const digests = await hashes.digests()
  expect(digests.map((digest) => digest.toString('hex'))).toEqual(algorithms.map((one) => hex(one, pieces)))
}

describe('hashing threads', () => {
  test.each([1, 2, 4])('hash bodies at the same time: %s threads', async (most) => {
    const threads = pool(most)
    await Promise.all([1, 10, 20, 30, 40].map((first) => hashed(threads, ['md5', 'sha256', 'sha1'], first)))
    // What was used is used again, and gives the same.
    await hashed(threads, ['md5'], 50)
  })

  test('a block is used again when nobody reads it any more, and not before', async () => {
    const threads = pool(1)
    let wake = () => {}
    const isHashed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const hashes = threads.start(['md5'], () => wake(), unexpected)
    const block = threads.take()
    hashes.update(block, 10)
    expect(hashes.waiting).toBe(1)
    threads.letGo(block)
    // Matchers would compare the bytes one by one.
    expect(threads.take() === block).toBe(false)
    await isHashed
    expect(hashes.waiting).toBe(0)
    expect(threads.take() === block).toBe(true)
    hashes.drop()
  })

  test('those who wait for a hash are told when the threads end', async () => {
    const threads = createHashPool(2)
    const told = new Promise<Error>((resolve) => {
      const hashes = threads.start(['md5', 'sha256'], () => undefined, resolve)
      void hashes.digests()
    })
    await threads.close()
    expect(await told).toMatchObject({ message: 'a hashing thread has ended' })
    // The next body gets new ones.
    onTestFinished(() => threads.close())
    await hashed(threads, ['md5'], 1)
  })

  test('without a body there is no thread', async () => {
    const before = process.getActiveResourcesInfo().length
    await createHashPool().close()
    expect(process.getActiveResourcesInfo()).toHaveLength(before)
  })
})
