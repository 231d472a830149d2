/** Unpacks a stream of bytes packed in a way. May throw: for what is damaged, or when it cannot. */
export type Unpack = (format: 'gzip' | 'xz' | 'zstd', source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** What an initial ramdisk holds. */
export interface RamdiskContents {
  /** Names of kernel modules without folder and ending: `virtio_blk`. */
  readonly modules: ReadonlySet<string>
  /** Undefined when all of it was looked at; else why not. */
  readonly unread: string | undefined
}

const headBytes = 110
const [longestName, mostFiles] = [4096, 200_000]
/** Of a ramdisk, and of what is unpacked from it. 1 GiB. */
const longestRamdisk = 2 ** 30
const packings: readonly (readonly ['gzip' | 'xz' | 'zstd', string])[] = [
  ['gzip', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
]

/**
 * The kernel modules in a ramdisk: cpio archives one behind the other (newc; microcode often comes first), of which the
 * last may be packed. Only names are kept, so it costs no memory. Rejects only when the source does.
 */
export async function ramdiskContents(source: AsyncIterable<Uint8Array>, unpack: Unpack): Promise<RamdiskContents> {
  const modules = new Set<string>()
  const unread = await walk(new Pieces(source), modules, unpack, 0)
  return { modules, unread }
}

async function walk(bytes: Pieces, modules: Set<string>, unpack: Unpack, depth: number): Promise<string | undefined> {
  for (let count = 0; count < mostFiles; count++) {
    const start = await bytes.behindZeros()
    if (start.length === 0) return bytes.isCut ? 'it is larger than any' : undefined
    if (start.toString('latin1', 0, 5) !== '07070') return packed(bytes, start, modules, unpack, depth)
    const head = (await bytes.take(headBytes)).toString('latin1')
    const [size, nameBytes] = [field(head, 54), field(head, 94)]
    if (head.length < headBytes || Number.isNaN(size) || !(nameBytes <= longestName)) return 'it is damaged'
    const name = (await bytes.take(nameBytes)).toString('utf8').split('\0')[0] ?? ''
    const module = /([^/]+)\.ko(\.(xz|zst|gz))?$/.exec(name)?.[1]
    if (module !== undefined) modules.add(module.replaceAll('-', '_'))
    await bytes.skip(padding(headBytes + nameBytes) + size + padding(size))
  }
  return 'it holds more files than any'
}

const field = (head: string, at: number) => Number.parseInt(head.slice(at, at + 8), 16)
const padding = (length: number) => (4 - (length % 4)) % 4

async function packed(bytes: Pieces, start: Buffer, modules: Set<string>, unpack: Unpack, depth: number) {
  const [format] = packings.find(([, magic]) => start.toString('hex').startsWith(magic)) ?? []
  if (format === undefined || depth > 2) return 'it is packed in a way that is not known'
  try {
    return await walk(new Pieces(unpack(format, bytes.rest())), modules, unpack, depth + 1)
  } catch (error) {
    return (error as Error).message
  }
}

/** A stream that is read by lengths. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)
  #left = longestRamdisk

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Whether there may be more, which is not looked at. */
  get isCut(): boolean {
    return this.#left <= 0
  }

  async #more(): Promise<boolean> {
    if (this.isCut) return false
    const { done, value } = await this.#source.next()
    if (done) return false
    this.#left -= value.length
    this.#buffer = Buffer.concat([this.#buffer, value])
    return true
  }

  /** So many bytes, or all that there are. */
  async take(length: number): Promise<Buffer> {
    while (this.#buffer.length < length && (await this.#more()));
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.#buffer.length === 0 && !(await this.#more())) return
      const skipped = Math.min(left, this.#buffer.length)
      this.#buffer = this.#buffer.subarray(skipped)
      left -= skipped
    }
  }

  /** The next few bytes that begin with one that is not zero, without taking them; empty at the end. */
  async behindZeros(): Promise<Buffer> {
    for (;;) {
      const zeros = this.#buffer.findIndex((byte) => byte !== 0)
      this.#buffer = zeros < 0 ? Buffer.alloc(0) : this.#buffer.subarray(zeros)
      if (this.#buffer.length >= 6) return this.#buffer.subarray(0, 6)
      if (!(await this.#more())) return this.#buffer.subarray(0, this.#buffer.findLastIndex((byte) => byte !== 0) + 1)
    }
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#buffer.length > 0) yield this.#buffer
    for (let next = await this.#source.next(); !next.done; next = await this.#source.next()) yield next.value
  }
}
