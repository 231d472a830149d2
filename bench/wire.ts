import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What a server answered. */
export interface WireAnswer {
  readonly status: number
  /** Bytes of the body. */
  readonly length: number
  readonly head: string
  /** Empty when it was larger than `largestKept`. */
  readonly body: string
}

const largestKept = 64 * 1024

/** Reads answers off one connection with as little work as HTTP/1.1 allows: the client shares the cores it measures. */
class AnswerReader {
  #pending: Buffer = Buffer.alloc(0)
  #head = ''
  #missing = -1
  #chunked = false
  #length = 0
  #kept: Buffer[] = []

  /** Takes bytes; returns the answer that they complete, if they do. `isHead`: the answer has no body. */
  push(bytes: Buffer, isHead: boolean): WireAnswer | undefined {
    let data = bytes
    if (this.#missing < 0) {
      this.#pending = this.#pending.length ? Buffer.concat([this.#pending, data]) : data
      const end = this.#pending.indexOf('\r\n\r\n')
      if (end < 0) return undefined
      this.#head = this.#pending.toString('latin1', 0, end)
      data = this.#pending.subarray(end + 4)
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1]
      this.#chunked = !isHead && length === undefined && /\r\ntransfer-encoding: *chunked/i.test(this.#head)
      this.#missing = isHead || length === undefined ? 0 : Number(length)
      this.#pending = Buffer.alloc(0)
    }
    if (this.#chunked) return this.#pushChunked(data)
    this.#take(data)
    this.#missing -= data.length
    return this.#missing <= 0 ? this.#finish() : undefined
  }

  /** A chunked body is kept whole until its end is there; only small answers come so. */
  #pushChunked(data: Buffer): WireAnswer | undefined {
    this.#pending = Buffer.concat([this.#pending, data])
    if (!this.#pending.subarray(-5).equals(Buffer.from('0\r\n\r\n'))) return undefined
    for (let at = 0; ; ) {
      const line = this.#pending.indexOf('\r\n', at)
      const size = Number.parseInt(this.#pending.toString('latin1', at, line), 16)
      if (!(size > 0)) break
      this.#take(this.#pending.subarray(line + 2, line + 2 + size))
      at = line + 2 + size + 2
    }
    this.#pending = Buffer.alloc(0)
    return this.#finish()
  }

  #take(data: Buffer): void {
    this.#length += data.length
    if (this.#length <= largestKept) this.#kept.push(data)
  }

  #finish(): WireAnswer {
    const status = Number(this.#head.slice(9, 12))
    const body = this.#length <= largestKept ? Buffer.concat(this.#kept).toString('utf8') : ''
    const answer = { status, length: this.#length, head: this.#head, body }
    this.#missing = -1
    this.#length = 0
    this.#kept = []
    return answer
  }
}

/** A request as the bytes that go over the wire; large bodies are written by themselves. */
export interface WireRequest {
  readonly head: Buffer
  readonly body?: Buffer
  /** The status that the answer must have. */
  readonly expects: number
  readonly isHead?: boolean
}

/** A connection that is kept open and sends one request after the other. */
export class Connection {
  readonly #socket: Socket
  readonly #reader = new AnswerReader()

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  /** Sends a request and reads its answer. Throws for a status that was not expected and a connection that breaks. */
  send({ head, body, expects, isHead = false }: WireRequest): Promise<WireAnswer> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close')
        act()
      }
      socket.on('error', (error) => settle(() => reject(error)))
      socket.on('close', () => settle(() => reject(new Error('the server closed the connection'))))
      socket.on('data', (bytes) => {
        const answer = this.#reader.push(bytes, isHead)
        if (!answer) return
        if (answer.status === expects) return settle(() => resolve(answer))
        const said = `${answer.head}\n${answer.body}`.slice(0, 2000)
        settle(() =>
          reject(new Error(`${expects} was expected of ${head.toString('latin1').split('\r\n')[0]}: ${said}`)),
        )
      })
      socket.write(head)
      if (body) socket.write(body)
    })
  }

  close(): void {
    this.#socket.removeAllListeners().on('error', () => undefined)
    this.#socket.destroy()
  }
}
