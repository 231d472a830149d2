import { type FileHandle, open, stat } from 'node:fs/promises'

/** Bytes that are read at once. */
const pieceBytes = 64 * 1024

/** What is not there, yet or any more, is undefined. */
const unlessMissing = (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return undefined
  throw error
}

/**
 * Reads a console's file as it grows. A file that takes its place, as after a reboot, is read from its beginning when the
 * old one has been read to its end; one that is removed is read to its end.
 */
export class ConsoleReader {
  readonly #path: string
  #handle: FileHandle | undefined
  #position = 0
  /** Of the first file, how much is read at most of what is in it already. */
  #scrollback: number

  constructor(path: string, scrollback = Number.POSITIVE_INFINITY) {
    this.#path = path
    this.#scrollback = scrollback
  }

  /** The next bytes, up to 64 KiB; none when there are none now. */
  async next(): Promise<Buffer> {
    this.#handle ??= await this.#open()
    if (!this.#handle) return Buffer.alloc(0)
    const isReplaced = await this.#isReplaced(this.#handle)
    const piece = Buffer.alloc(pieceBytes)
    const { bytesRead } = await this.#handle.read(piece, 0, pieceBytes, this.#position)
    this.#position += bytesRead
    if (bytesRead > 0 || !isReplaced) return piece.subarray(0, bytesRead)
    await this.close()
    return this.next()
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  async #open(): Promise<FileHandle | undefined> {
    const handle = await open(this.#path, 'r').catch(unlessMissing)
    if (!handle) return undefined
    this.#position = Math.max(0, (await handle.stat()).size - this.#scrollback)
    this.#scrollback = Number.POSITIVE_INFINITY
    return handle
  }

  /** Whether another file has the name now. */
  async #isReplaced(handle: FileHandle): Promise<boolean> {
    const [named, own] = await Promise.all([stat(this.#path).catch(unlessMissing), handle.stat()])
    return named !== undefined && named.ino !== own.ino
  }
}
