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

/** A connection that is kept open and sends one request after the other; one that the server has closed is opened anew. */
export class Connection {
  readonly #port: number
  #socket: Socket
  #reader = new AnswerReader()

  private constructor(port: number, socket: Socket) {
    this.#port = port
    this.#socket = socket
  }

  static async open(port: number): Promise<Connection> {
    return new Connection(port, await dial(port))
  }

  /** Sends a request and reads its answer. Throws for a status that was not expected and a connection that breaks. */
  async send(request: WireRequest): Promise<WireAnswer> {
    if (this.#socket.destroyed || this.#socket.readableEnded) {
      this.#reader = new AnswerReader()
      this.#socket = await dial(this.#port)
    }
    const answer = await exchange(this.#socket, this.#reader, request)
    if (answer.status === request.expects) return answer
    const [line] = request.head.toString('latin1').split('\r\n')
    throw new Error(`${request.expects} was expected of ${line}: ${answer.head}\n${answer.body}`.slice(0, 2000))
  }

  close(): void {
    this.#socket.destroy()
  }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  // Between two requests nobody listens; the next one finds the connection broken.
  return socket.on('error', () => undefined)
}

function exchange(socket: Socket, reader: AnswerReader, { head, body, isHead = false }: WireRequest) {
  return new Promise<WireAnswer>((resolve, reject) => {
    const settle = () => socket.off('data', take).off('close', fail)
    const fail = () => {
      settle()
      reject(new Error('the server closed the connection'))
    }
    const take = (bytes: Buffer) => {
      const answer = reader.push(bytes, isHead)
      if (!answer) return
      settle()
      resolve(answer)
    }
    socket.on('data', take).on('close', fail)
    socket.write(head)
    if (body) socket.write(body)
  })
}
