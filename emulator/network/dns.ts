import { parseAddress } from './addresses.ts'

/** Names and addresses as one instance sees them. */
export interface Names {
  addressOf(name: string): number | undefined
  /** The full name of an address. */
  nameOf(address: number): string | undefined
  /** The domain of the cloud's own names, and which addresses it gives names to: nobody else is asked about those. */
  domain: string
  isOwnAddress(address: number): boolean
}

const headerLength = 12
const codes = { noError: 0, formatError: 1, noSuchName: 3, notImplemented: 4 } as const
const types = { a: 1, ptr: 12 } as const
const internet = 1
const secondsToLive = 60

interface Question {
  name: string
  type: number
  class: number
  end: number
}

/** Reads the question behind the header; undefined when it is cut off, compressed or longer than a name may be. */
function readQuestion(message: Buffer): Question | undefined {
  const labels: string[] = []
  let at = headerLength
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63 || at - headerLength > 253) return undefined
    if (length === 0) break
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (end > message.length) return undefined
  const [type, kind] = [message.readUInt16BE(at + 1), message.readUInt16BE(at + 3)]
  return { name: labels.join('.').toLowerCase(), type, class: kind, end }
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

function addressBytes(address: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return bytes
}

/** The address that a name such as `10.0.31.172.in-addr.arpa` asks about. */
function reversed(name: string): number | undefined {
  const match = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\.in-addr\.arpa$/.exec(name)
  const octets = match?.[1]?.split('.') ?? []
  if (octets.length !== 4 || octets.some((octet) => Number(octet) > 255)) return undefined
  return parseAddress(octets.reverse().join('.'))
}

/** What is known about a name: whether it exists, and the record that was asked for. */
function find({ name, type }: Question, names: Names): { exists: boolean; record?: Buffer } {
  const address = reversed(name)
  if (address !== undefined) {
    const answer = names.nameOf(address)
    if (answer === undefined) return { exists: false }
    return type === types.ptr ? { exists: true, record: encodeName(answer) } : { exists: true }
  }
  const answer = names.addressOf(name)
  if (answer === undefined) return { exists: false }
  return type === types.a ? { exists: true, record: addressBytes(answer) } : { exists: true }
}

function reply(query: Buffer, code: number, question: Buffer, record?: { type: number; data: Buffer }): Buffer {
  const head = Buffer.alloc(headerLength)
  query.copy(head, 0, 0, 2)
  // An answer, with the operation and "recursion desired" of the query, and "recursion available".
  head.writeUInt16BE(0x8080 | (query.readUInt16BE(2) & 0x7900) | code, 2)
  head.writeUInt16BE(question.length > 0 ? 1 : 0, 4)
  head.writeUInt16BE(record ? 1 : 0, 6)
  if (!record) return Buffer.concat([head, question])
  const fixed = Buffer.alloc(12)
  fixed.writeUInt16BE(0xc000 | headerLength, 0)
  fixed.writeUInt16BE(record.type, 2)
  fixed.writeUInt16BE(internet, 4)
  fixed.writeUInt32BE(secondsToLive, 6)
  fixed.writeUInt16BE(record.data.length, 10)
  return Buffer.concat([head, question, fixed, record.data])
}

/** Whether a query is one that only others can answer: of the Internet, about a name that is not the cloud's. */
export function asksOutside(query: Buffer, names: Names): boolean {
  if (query.length < headerLength || (query.readUInt8(2) & 0xf8) !== 0 || query.readUInt16BE(4) !== 1) return false
  const question = readQuestion(query)
  if (question?.class !== internet || find(question, names).exists) return false
  const address = reversed(question.name)
  if (address !== undefined) return !names.isOwnAddress(address)
  const domain = names.domain.toLowerCase()
  return question.name !== domain && !question.name.endsWith(`.${domain}`)
}

/**
 * The answer to a query (RFC 1035): addresses and reverse names of the cloud's own network, NXDOMAIN for everything
 * else. Undefined for what is no query.
 */
export function answerDns(query: Buffer, names: Names): Buffer | undefined {
  if (query.length < headerLength || (query.readUInt8(2) & 0x80) !== 0) return undefined
  const none = Buffer.alloc(0)
  if ((query.readUInt8(2) & 0x78) !== 0) return reply(query, codes.notImplemented, none)
  const question = query.readUInt16BE(4) === 1 ? readQuestion(query) : undefined
  if (!question) return reply(query, codes.formatError, none)
  const asked = query.subarray(headerLength, question.end)
  const { exists, record } = question.class === internet ? find(question, names) : { exists: false }
  if (!exists) return reply(query, codes.noSuchName, asked)
  return reply(query, codes.noError, asked, record ? { type: question.type, data: record } : undefined)
}
