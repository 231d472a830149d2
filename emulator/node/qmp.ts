import type { Duplex } from 'node:stream'

/** An event as QEMU reports it, e.g. `{ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } }`. */
export interface QmpEvent {
  event: string
  data: Record<string, unknown>
}

/** A command that QEMU refused; `kind` is QMP's error class, e.g. `GenericError`. */
export class QmpError extends Error {
  readonly command: string
  readonly kind: string
  constructor(command: string, kind: string, description: string) {
    super(`QMP ${command}: ${description}`)
    this.name = 'QmpError'
    this.command = command
    this.kind = kind
  }
}

/** A QMP session that has passed its greeting. */
export interface Qmp {
  /** QEMU's version from the greeting, e.g. `7.2.22`. */
  readonly version: string
  /** Resolves when the connection is closed; never rejects. */
  readonly closed: Promise<void>
  /** Calls `listener` with every further event. Returns what takes it off. */
  listen(listener: (event: QmpEvent) => void): () => void
  /** Resolves with the command's return value; rejects with a `QmpError`, or when the connection closes first. */
  execute(command: string, parameters?: Record<string, unknown>): Promise<unknown>
}

interface Message {
  QMP?: { version: { qemu: { major: number; minor: number; micro: number } } }
  event?: string
  data?: Record<string, unknown>
  id?: number
  return?: unknown
  error?: { class: string; desc: string }
}

interface Waiting {
  command: string
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** Calls `take` with each complete line that arrives; a line that cannot be taken ends the stream with that error. */
function eachLine(stream: Duplex, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    try {
      for (const line of lines) if (line.trim() !== '') take(line)
    } catch (error) {
      stream.destroy(new Error(`QMP: not understood: ${lines.join(' ').slice(0, 200)}`, { cause: error }))
    }
  })
}

/**
 * Speaks QMP over `stream`: waits for the greeting, agrees on no extra capabilities and hands every event to `onEvent`,
 * also those before it resolves. Rejects when the stream closes before that.
 */
export async function connectQmp(stream: Duplex, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
  const waiting = new Map<number, Waiting>()
  const listeners = new Set([onEvent])
  let lastId = 0
  let failure: Error | undefined
  let greet: (greeting: NonNullable<Message['QMP']>) => void
  const greeted = new Promise<NonNullable<Message['QMP']>>((resolve, reject) => {
    greet = resolve
    const closedEarly = () => reject(new Error('QMP: closed before its greeting', { cause: failure }))
    if (stream.destroyed) closedEarly()
    else stream.once('close', closedEarly)
  })
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      for (const { command, reject } of waiting.values()) {
        reject(new Error(`QMP ${command}: the connection closed before its answer`, { cause: failure }))
      }
      waiting.clear()
      resolve()
    })
  })
  stream.on('error', (error) => {
    failure ??= error
  })
  eachLine(stream, (line) => {
    const message: Message = JSON.parse(line)
    if (message.QMP) return greet(message.QMP)
    if (message.event !== undefined) {
      for (const listener of listeners) listener({ event: message.event, data: message.data ?? {} })
      return
    }
    const asked = message.id === undefined ? undefined : waiting.get(message.id)
    if (!asked || message.id === undefined) throw new Error('an answer to no question')
    waiting.delete(message.id)
    if (message.error) asked.reject(new QmpError(asked.command, message.error.class, message.error.desc))
    else asked.resolve(message.return)
  })
  const execute = (command: string, parameters?: Record<string, unknown>) =>
    new Promise<unknown>((resolve, reject) => {
      if (stream.destroyed) return reject(new Error(`QMP ${command}: the connection is closed`, { cause: failure }))
      const id = ++lastId
      waiting.set(id, { command, resolve, reject })
      stream.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`)
    })
  const listen = (listener: (event: QmpEvent) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const { major, minor, micro } = (await greeted).version.qemu
  await execute('qmp_capabilities')
  return { version: `${major}.${minor}.${micro}`, closed, execute, listen }
}
