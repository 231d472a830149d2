import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as secureConnect } from 'node:tls'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { s3Request } from '../src/client/s3.ts'
import { signHeaders } from '../src/protocol/signature/sigv4.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { watchBodies } from './stalled-bodies.ts'
import { manualClock, systemClock } from './state/clock.ts'

/** A request on a connection, as far as it is watched. */
function exchange(headers: Record<string, string>) {
  const socket = Object.assign(new EventEmitter(), { bytesRead: 0, destroy: vi.fn(() => socket.emit('close')) })
  const incoming = { socket, headers, complete: false, readableFlowing: true as boolean | null, readableLength: 0 }
  const outgoing = { headersSent: false }
  const made = { incoming: Object.assign(new EventEmitter(), incoming), outgoing, socket }
  return made as typeof made & { incoming: IncomingMessage; outgoing: ServerResponse }
}

describe('a body of which nothing comes', () => {
  const body = { 'content-length': '5' }

  test('is given up after a minute, by the request and then by its connection', async () => {
    const clock = manualClock()
    const watched = exchange(body)
    const stalled = vi.fn()
    watched.incoming.on('stalled', stalled)
    watchBodies(clock).note(watched)
    await clock.advance(59_999)
    expect(stalled).not.toHaveBeenCalled()
    await clock.advance(1)
    expect([stalled.mock.calls.length, watched.socket.destroy.mock.calls.length]).toEqual([1, 0])
    await clock.advance(10_000)
    expect([stalled.mock.calls.length, watched.socket.destroy.mock.calls.length]).toEqual([1, 1])
  })

  test.each<[string, (watched: ReturnType<typeof exchange>) => void]>([
    ['nobody can refuse', () => undefined],
    [
      'is answered already',
      ({ incoming, outgoing }) => Object.assign(outgoing, incoming.on('stalled', vi.fn()) && { headersSent: true }),
    ],
  ])('ends the connection of a request that %s', async (_title, prepare) => {
    const clock = manualClock()
    const watched = exchange({ 'transfer-encoding': 'chunked' })
    prepare(watched)
    const exchanges = watchBodies(clock)
    exchanges.note(watched)
    await clock.advance(60_000)
    expect(watched.socket.destroy).toHaveBeenCalledOnce()
    expect(exchanges.latest(watched.incoming.socket)).toBeUndefined()
  })

  test.each<[string, Record<string, string>, (watched: ReturnType<typeof exchange>) => void]>([
    ['is there', body, ({ incoming }) => Object.assign(incoming, { complete: true })],
    ['is none', {}, () => undefined],
    ['is empty', { 'content-length': '0' }, () => undefined],
    ['nobody reads yet', body, ({ incoming }) => Object.assign(incoming, { readableFlowing: null })],
    [
      'waits to be read',
      body,
      ({ incoming }) => Object.assign(incoming, { readableFlowing: false, readableLength: 1 }),
    ],
  ])('is not one that %s', async (_title, headers, prepare) => {
    const clock = manualClock()
    const watched = exchange(headers)
    prepare(watched)
    watchBodies(clock).note(watched)
    await clock.advance(3_600_000)
    expect(watched.socket.destroy).not.toHaveBeenCalled()
  })

  test('is not one that comes slowly, and the minute begins anew with each byte', async () => {
    const clock = manualClock()
    const watched = exchange(body)
    watchBodies(clock).note(watched)
    for (let round = 0; round < 5; round++) {
      watched.socket.bytesRead++
      await clock.advance(60_000)
    }
    expect(watched.socket.destroy).not.toHaveBeenCalled()
    await clock.advance(10_000)
    expect(watched.socket.destroy).toHaveBeenCalledOnce()
  })
})

test('a clock has nothing to do when no body is awaited', async () => {
  const clock = manualClock()
  const sleep = vi.spyOn(clock, 'sleep')
  const watched = exchange({ 'content-length': '5' })
  const exchanges = watchBodies(clock)
  exchanges.note(watched)
  Object.assign(watched.incoming, { complete: true })
  await clock.advance(3_600_000)
  expect(sleep).toHaveBeenCalledOnce()
  exchanges.note(exchange({ 'content-length': '5' }))
  expect(sleep).toHaveBeenCalledTimes(2)
})

describe('a cloud', async () => {
  const data = mkdtempSync(join(tmpdir(), 'stalled-'))
  const clock = manualClock(systemClock.now())
  const { url, authority, credentials, stop, cloud } = await startCloud({
    ...{ cloud: testSettings('eucalyptus'), data, clock, host: '127.0.0.1', port: 0, version: '0', accelerator: 'tcg' },
    ...{ tls: true, hypervisor: fakeHypervisor(), log: () => undefined },
  })
  afterAll(async () => {
    await stop()
    rmSync(data, { recursive: true })
  })
  const port = Number(new URL(url).port)
  const ca = readFileSync(authority ?? '')

  function head(path: string, length: number): string {
    const own: [string, string][] = [
      ['host', 'localhost'],
      ['content-length', String(length)],
      ['expect', '100-continue'],
    ]
    const parts = { method: 'PUT', rawPath: path, rawQuery: '', headers: own, payloadHash: 'UNSIGNED-PAYLOAD' }
    const { headers } = signHeaders(parts, { ...credentials, region: 'x', service: 's3', time: clock.now() })
    return `PUT ${path} HTTP/1.1\r\n${headers.map((pair) => `${pair.join(': ')}\r\n`).join('')}\r\n`
  }

  /** All that is answered to a request that is told to go on, and stops in its body. */
  async function answerTo(bytes: string, body: string, isSecure: boolean): Promise<string> {
    const at = { port, host: '127.0.0.1' }
    const socket = isSecure ? secureConnect({ ...at, ca, servername: 'localhost' }) : connect(at)
    const pieces: string[] = []
    let isOver = false
    socket.setEncoding('latin1').on('data', (piece: string) => pieces.push(piece))
    socket.on('error', () => undefined).once('close', () => (isOver = true))
    socket.write(bytes)
    await once(socket, 'data')
    socket.write(body)
    while (!isOver) {
      await clock.advance(10_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return pieces.join('')
  }

  test.each([
    ['small', 10, 5, false],
    ['small, over TLS', 10, 5, true],
    ['of a MiB and more', 2 ** 21, 300_000, false],
    ['of which nothing came', 10, 0, false],
  ])('refuses a stalled body that is %s, and ends the connection', async (_title, length, sent, isSecure) => {
    const ask = { ...credentials, endpoint: url.replace('https:', 'http:'), region: 'x' }
    expect((await s3Request(ask, { method: 'PUT', path: '/stalled', time: clock.now() })).status).toBe(200)
    const answer = await answerTo(head('/stalled/key', length), 'x'.repeat(sent), isSecure)
    expect(answer).toMatch(
      /100 Continue\r\n\r\nHTTP\/1\.1 400 [\s\S]*connection: close[\s\S]*<Code>RequestTimeout<\/Code>/i,
    )
    expect(await cloud.objects.findObject('stalled', 'key')).toBeUndefined()
  })

  test('ends the connection of a form that stalls', async () => {
    const type = 'content-type: application/x-www-form-urlencoded\r\n'
    const form = `POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n${type}content-length: 100\r\n\r\n`
    expect(await answerTo(form, 'Action=', false)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  })
})
