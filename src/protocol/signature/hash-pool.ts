import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { blockMemory } from './block-memory.ts'
import { type HashOrder, type HashReply, hashOrders, type ThreadedHash } from './hash-worker.ts'

/** Bytes that a hashing thread and whoever stores them read at the same time. */
export interface Block {
  /** The whole block; whoever fills it may have filled less. */
  readonly bytes: Buffer
  /** How many still read it; with none left it is used again. */
  readers: number
}

/** Hashes of one body under way. */
export interface ThreadedHashes {
  /** Hashes the first `size` bytes of a block, which must not change until the pool lets go of it. */
  update(block: Block, size: number): void
  /** How many blocks at most wait for a hash. */
  readonly waiting: number
  /** The hashes, in the order that they were asked for. Rejects when a thread ends or the pool is closed. */
  digests(): Promise<Buffer[]>
  /** To be called when nobody wants the hashes any more. */
  drop(): void
}

/** Threads that hash large bodies, while this one reads the next bytes. */
export interface HashPool {
  /** An empty block, with one reader: whoever takes it. */
  take(): Block
  /** To be called by each reader that is done with a block; one that nobody lets go of is garbage. */
  letGo(block: Block): void
  /** Starts hashes; `onHashed` is called whenever bytes were hashed. */
  start(algorithms: readonly ThreadedHash[], onHashed: () => void, onError: (error: Error) => void): ThreadedHashes
  /** Ends the threads. */
  close(): Promise<void>
}

/** So many blocks are kept for the next body: what four bodies use at a time. */
const mostSpare = 32

/** One hash on its thread. */
interface Job {
  readonly algorithm: ThreadedHash
  readonly thread: Thread
  readonly blocks: Block[]
  readonly onHashed: () => void
  readonly onError: (error: Error) => void
  onDigest?: (digest: Buffer) => void
}

interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, Job>
}

class Threads implements HashPool {
  readonly #most: number
  readonly #threads = new Set<Thread>()
  readonly #spare: Block[] = []
  readonly #memory = blockMemory(mostSpare)
  #lastJob = 0

  constructor(most: number) {
    this.#most = most
  }

  take(): Block {
    const block = this.#spare.pop() ?? { bytes: this.#memory(), readers: 0 }
    block.readers = 1
    return block
  }

  letGo(block: Block): void {
    block.readers -= 1
    if (block.readers === 0 && this.#spare.length < mostSpare) this.#spare.push(block)
  }

  start(algorithms: readonly ThreadedHash[], onHashed: () => void, onError: (error: Error) => void): ThreadedHashes {
    const jobs = algorithms.map((algorithm) => {
      const number = ++this.#lastJob
      const job: Job = { algorithm, thread: this.#idlest(), blocks: [], onHashed, onError }
      job.thread.jobs.set(number, job)
      const send = (order: HashOrder) => job.thread.worker.postMessage(order)
      return { number, job, send }
    })
    return {
      update: (block, size) => {
        const { byteOffset: offset } = block.bytes
        const memory = block.bytes.buffer as SharedArrayBuffer
        for (const { number, job, send } of jobs) {
          block.readers += 1
          job.blocks.push(block)
          send({ job: number, algorithm: job.algorithm, memory, offset, size })
        }
      },
      get waiting() {
        return Math.max(...jobs.map(({ job }) => job.blocks.length))
      },
      digests: () =>
        Promise.all(
          jobs.map(
            ({ number, job, send }) =>
              new Promise<Buffer>((resolve) => {
                job.onDigest = resolve
                send({ job: number, algorithm: job.algorithm, end: true })
              }),
          ),
        ),
      drop: () => {
        for (const { number, job, send } of jobs) {
          if (!job.thread.jobs.delete(number)) continue
          send({ job: number, drop: true })
        }
      },
    }
  }

  async close(): Promise<void> {
    this.#spare.length = 0
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()))
  }

  /** The thread with the least to do; a new one rather than one that has anything to do. */
  #idlest(): Thread {
    const [idlest] = [...this.#threads].sort((one, other) => one.jobs.size - other.jobs.size)
    return idlest && (idlest.jobs.size === 0 || this.#threads.size >= this.#most) ? idlest : this.#startThread()
  }

  #startThread(): Thread {
    // No flags of ours: `node --eval` hands its own on, and a worker refuses them.
    const worker = new Worker(`(${hashOrders.toString()})()`, {
      ...{ eval: true, execArgv: [], name: 'hashes' },
      // It makes nothing but small garbage, which is not to pile up.
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    })
    const thread: Thread = { worker, jobs: new Map() }
    const end = (error: Error) => {
      this.#threads.delete(thread)
      for (const job of thread.jobs.values()) job.onError(error)
      thread.jobs.clear()
    }
    worker.on('message', (reply: HashReply) => this.#hear(thread, reply))
    worker.on('error', end).on('exit', () => end(new Error('a hashing thread has ended')))
    worker.unref()
    this.#threads.add(thread)
    return thread
  }

  #hear({ jobs }: Thread, { job: number, digest }: HashReply): void {
    const job = jobs.get(number)
    if (!job) return
    if (digest) {
      jobs.delete(number)
      job.onDigest?.(Buffer.from(digest))
      return
    }
    const block = job.blocks.shift()
    if (block) this.letGo(block)
    job.onHashed()
  }
}

/**
 * A pool of at most so many threads; they start with the first large bodies. By default one processor is left to whoever
 * reads the bodies: on two processors, two hashing threads and a reader cost each other a tenth more than they gain.
 */
export const createHashPool = (most = Math.max(1, Math.min(availableParallelism() - 1, 4))): HashPool =>
  new Threads(most)
