import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { connect, type Fate, type Link } from './link.harness.ts'
import { flags, has, type Segment } from './segment.ts'

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Numbers from 0 to 1, the same in every run. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function bytes(length: number, seed: number): Buffer {
  const next = chance(seed)
  const all = Buffer.alloc(length)
  for (let index = 0; index < length; index += 1) all[index] = next() * 256
  return all
}

/** All that a stream gives, when it has ended. */
function collect(stream: Duplex) {
  const chunks: Buffer[] = []
  const result = { ended: false, errors: [] as string[], length: 0, bytes: () => Buffer.concat(chunks) }
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    result.length += chunk.length
  })
  stream.on('end', () => {
    result.ended = true
  })
  stream.on('error', (error: Error & { code?: string }) => result.errors.push(error.code ?? error.message))
  return result
}

/** Lets the right answer and be heard; returns its stream. */
async function opened(link: Link): Promise<Duplex> {
  await link.until(() => link.right() !== undefined)
  const right = link.right()!.stream
  right.write('!')
  await link.until(() => link.left.stream.readableLength === 1)
  link.left.stream.read(1)
  return right
}

describe('a transfer both ways over a link that', () => {
  const [two, eight] = [2 * 2 ** 20, 8 * 2 ** 20]
  test.each<[string, number, (next: () => number) => Fate]>([
    ['carries all', two, () => ({ copies: 1, behind: 0 })],
    ['loses 1 of 100', eight, (next) => ({ copies: next() < 0.01 ? 0 : 1, behind: 0 })],
    ['doubles 1 of 10', two, (next) => ({ copies: next() < 0.1 ? 2 : 1, behind: 0 })],
    ['delays 1 of 10', two, (next) => ({ copies: 1, behind: next() < 0.1 ? Math.floor(next() * 8) : 0 })],
    [
      'does all that, and more often',
      2 ** 20,
      (next) => ({ copies: [0, 1, 1, 1, 1, 1, 1, 1, 2, 3][Math.floor(next() * 10)]!, behind: Math.floor(next() * 4) }),
    ],
  ])('%s', async (_what, length, fate) => {
    const next = chance(7)
    const link = connect(() => fate(next))
    const [up, down] = [bytes(length, 1), bytes(length, 2)]
    link.left.stream.end(up)
    const atLeft = collect(link.left.stream)
    await link.until(() => link.right() !== undefined)
    const right = link.right()!.stream
    const atRight = collect(right)
    right.end(down)
    await link.until(() => atLeft.ended && atRight.ended)
    expect([sha(atRight.bytes()), sha(atLeft.bytes())]).toEqual([sha(up), sha(down)])
    expect([...atLeft.errors, ...atRight.errors]).toEqual([])
  })
})

test('many small writes of one turn leave as one segment', async () => {
  const sizes: number[] = []
  const link = connect((segment) => {
    if (segment.payload.length > 1) sizes.push(segment.payload.length)
    return { copies: 1, behind: 0 }
  })
  const far = await opened(link)
  const right = collect(far)
  for (const word of ['one ', 'two ', 'three']) link.left.stream.write(word)
  await link.until(() => right.length === 13)
  expect(sizes).toEqual([13])
})

describe('half-close', () => {
  test('ends one direction while the other goes on', async () => {
    const link = connect()
    const far = await opened(link)
    const [left, right] = [collect(link.left.stream), collect(far)]
    link.left.stream.end('question')
    await link.until(() => right.ended)
    expect([right.bytes().toString(), left.ended]).toEqual(['question', false])
    far.write('first ')
    await link.until(() => left.length === 6)
    far.end('second')
    await link.until(() => left.ended && link.left.stream.closed && far.closed)
    expect([left.bytes().toString(), left.errors, right.errors]).toEqual(['first second', [], []])
    expect(link.left.isLingering).toBe(true)
    await link.clock.advance(20_000)
    expect(link.left.isLingering).toBe(false)
  })
})

describe('a reset', () => {
  test('follows a stream that is destroyed, and is an error for its peer', async () => {
    const link = connect()
    const far = await opened(link)
    const right = collect(far)
    link.left.stream.destroy()
    await link.until(() => far.closed)
    expect(right.errors).toEqual(['ECONNRESET'])
  })

  test('in the same turn as the last data comes after it', async () => {
    const link = connect()
    const far = await opened(link)
    far.on('error', () => undefined)
    const left = collect(link.left.stream)
    far.write('the last word')
    // The data leaves at the end of this turn, the reset behind it.
    queueMicrotask(() => far.destroy())
    await link.until(() => link.left.stream.closed)
    expect([left.bytes().toString(), left.errors]).toEqual(['the last word', ['ECONNRESET']])
  })

  test('answers data that nobody reads any more', async () => {
    const link = connect()
    const far = await opened(link)
    const right = collect(far)
    link.left.stream.end()
    await link.until(() => right.ended)
    link.left.stream.destroy()
    far.write('too late')
    await link.until(() => far.closed)
    expect(right.errors).toEqual(['ECONNRESET'])
  })
})

describe('a peer that does not read', () => {
  test('closes its window, is probed, and loses nothing when it reads again', async () => {
    const windows: number[] = []
    const probes: Segment[] = []
    const link = connect((segment) => {
      if (segment.sourcePort === 80) windows.push(segment.window)
      else if (segment.payload.length === 1) probes.push(segment)
      return { copies: 1, behind: 0 }
    })
    const far = await opened(link)
    const sent = bytes(2 ** 20, 3)
    link.left.stream.end(sent)
    await link.until(() => probes.length >= 3)
    expect(Math.min(...windows)).toBe(0)
    expect(far.readableLength).toBeLessThanOrEqual(256 * 1024)
    const right = collect(far)
    await link.until(() => right.ended)
    expect(sha(right.bytes())).toBe(sha(sent))
  })
})

describe('a peer that is silent', () => {
  test('is given up, with an error', async () => {
    let cut = false
    const link = connect(() => ({ copies: cut ? 0 : 1, behind: 0 }))
    await opened(link)
    const left = collect(link.left.stream)
    cut = true
    link.left.stream.write('anybody?')
    await link.until(() => link.left.stream.closed)
    expect(left.errors).toEqual(['ETIMEDOUT'])
  })

  test('is not connected to', async () => {
    const syns: number[] = []
    const link = connect((segment) => {
      if (has(segment, flags.syn)) syns.push(segment.sequence)
      return { copies: 0, behind: 0 }
    })
    const left = collect(link.left.stream)
    await link.until(() => link.left.stream.closed)
    expect(left.errors).toEqual(['ETIMEDOUT'])
    expect(syns).toEqual(Array.from({ length: 6 }, () => 0xfffffff0))
  })
})
