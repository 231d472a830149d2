import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { Agent, request as plainRequest } from 'node:http'
import { type RequestOptions, Agent as SecureAgent, request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as secureConnect } from 'node:tls'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Listener, listen } from './listener.ts'
import { type ManualClock, manualClock, systemClock } from './state/clock.ts'
import { dataFiles } from './state/files.ts'
import { serverIdentity } from './tls.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** The paths of an empty data folder. */
function files() {
  const data = mkdtempSync(join(tmpdir(), 'listener-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  return dataFiles(data)
}

const now = () => manualClock(systemClock.now())

async function started(clock: ManualClock = now(), host = '127.0.0.1') {
  const paths = files()
  const identity = await serverIdentity(paths, host, clock)
  const listener = await listen({
    ...{ host, port: 0, clock, identity },
    answer: (incoming, outgoing) => {
      const isSecure = 'encrypted' in incoming.socket
      incoming.resume().once('end', () => outgoing.end(`${incoming.method} ${isSecure ? 'over TLS' : 'in the open'}`))
    },
  })
  ends.push(() => {
    listener.close()
    listener.closeAll()
  })
  return { listener, ca: readFileSync(paths.tlsAuthority, 'utf8') }
}

function ask(url: string | undefined, options: RequestOptions = {}, body = ''): Promise<string> {
  const send = url?.startsWith('https:') ? secureRequest : plainRequest
  return new Promise((resolve, reject) => {
    const outgoing = send(url ?? '', options, (response) => {
      let text = ''
      response.on('data', (piece) => (text += piece)).once('end', () => resolve(text))
    })
    outgoing.once('error', reject).end(body)
  })
}

/** All that is answered to bytes before the other side closes the connection. */
const answerTo = ({ url }: Listener, bytes: string) =>
  new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('latin1').on('data', (piece) => (text += piece))
    socket.once('error', reject).once('close', () => resolve(text))
  })

/** Resolves when the other side has closed a connection. */
const closed = ({ url }: Listener, first = '') =>
  new Promise<void>((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(first))
    socket
      .on('error', () => undefined)
      .resume()
      .once('close', () => resolve())
  })

describe('one port', () => {
  test('answers HTTP and HTTPS, bodies and all', async () => {
    const { listener, ca } = await started()
    expect(new URL(listener.url).host).toBe(new URL(listener.secureUrl ?? '').host)
    const large = 'x'.repeat(300_000)
    expect(await ask(listener.url, { method: 'PUT' }, large)).toBe('PUT in the open')
    expect(await ask(listener.secureUrl, { method: 'PUT', ca }, large)).toBe('PUT over TLS')
  })

  test.each(['localhost', '127.0.0.1', '::1', 's3.localhost', 'bucket.s3.localhost', 'some.host'])(
    'has a certificate for %s that the authority alone makes good',
    async (servername) => {
      const { listener, ca } = await started(now(), 'localhost')
      const { port } = new URL(listener.url)
      const shown = (authority?: string) =>
        new Promise<string>((resolve) => {
          const address = { host: 'localhost', port: Number(port), ca: authority }
          const name = /^[\d:.]+$/.test(servername) ? {} : { servername }
          const socket = secureConnect({ ...address, ...name, checkServerIdentity: () => undefined }, () => {
            const names = socket.getPeerCertificate().subjectaltname
            socket.destroy()
            resolve(names ?? '')
          })
          socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        })
      expect(await shown()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
      expect(await shown(ca)).toBe(
        'DNS:localhost, DNS:*.localhost, DNS:s3.localhost, DNS:*.s3.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
      )
      const strict = ask(`https://localhost:${port}`, { ca, ...(/^[\d:.]+$/.test(servername) ? {} : { servername }) })
      if (servername === 'some.host')
        await expect(strict).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
      else expect(await strict).toBe('GET over TLS')
    },
  )

  test('ends connections that send nothing', async () => {
    const clock = now()
    const { listener } = await started(clock)
    const silent = closed(listener)
    await ask(listener.url)
    await clock.advance(10_001)
    await silent
  })

  test.each([
    ['what is neither', 'neither\r\n\r\n'],
    ['a broken handshake', `\x16\x03\x01${'\x00'.repeat(40)}`],
  ])('outlives %s', async (_what, bytes) => {
    const { listener, ca } = await started()
    await closed(listener, bytes)
    expect(await ask(listener.url)).toBe('GET in the open')
    expect(await ask(listener.secureUrl, { ca })).toBe('GET over TLS')
  })

  test.each([
    ['of another protocol', 'neither\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n/],
    ['with 20 KiB of headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['with chunks that are none', 'PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', /1\.1 400 /],
  ])('says what is wrong with a request %s', async (_what, bytes, answer) => {
    const { listener } = await started()
    expect(await answerTo(listener, bytes)).toMatch(answer)
  })

  test('answers a request whose body is longer than it says, and closes the connection', async () => {
    const { listener } = await started()
    const bytes = 'PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nfour\r\n\r\n'
    expect(await answerTo(listener, bytes)).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*PUT in the open/i)
  })

  test('ends connections that ask nothing when it is closed, of both kinds', async () => {
    const { listener, ca } = await started()
    const agents = [new Agent({ keepAlive: true }), new SecureAgent({ keepAlive: true })]
    await ask(listener.url, { agent: agents[0] })
    await ask(listener.secureUrl, { ca, agent: agents[1] })
    const idle = agents.flatMap(({ freeSockets }) => Object.values(freeSockets).flat())
    expect(idle).toHaveLength(2)
    const ended = Promise.all(idle.map((socket) => new Promise((resolve) => socket?.once('close', resolve))))
    listener.close()
    await ended
    await expect(ask(listener.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('the authority', () => {
  const day = 86_400_000

  test('is made once, and its key is for its owner alone', async () => {
    const paths = files()
    const first = await serverIdentity(paths, 'localhost', now())
    const authority = readFileSync(paths.tlsAuthority, 'utf8')
    const second = await serverIdentity(paths, 'localhost', now())
    expect(readFileSync(paths.tlsAuthority, 'utf8')).toBe(authority)
    expect(second.key).not.toBe(first.key)
    expect(statSync(paths.tlsAuthorityKey).mode & 0o777).toBe(0o600)
    expect(authority).not.toContain('PRIVATE')
  })

  test.each([
    [9 * 365 - 45, true],
    [9 * 365, false],
  ])('after %i days is kept: %s', async (days, isKept) => {
    const paths = files()
    const clock = now()
    await serverIdentity(paths, 'localhost', clock)
    const authority = readFileSync(paths.tlsAuthority, 'utf8')
    await clock.advance(days * day)
    await serverIdentity(paths, 'localhost', clock)
    expect(readFileSync(paths.tlsAuthority, 'utf8') === authority).toBe(isKept)
  })

  test('that was cut off by a crash before clients got it is shown again', async () => {
    const paths = files()
    await serverIdentity(paths, 'localhost', now())
    const authority = readFileSync(paths.tlsAuthority, 'utf8')
    rmSync(paths.tlsAuthority)
    await serverIdentity(paths, 'localhost', now())
    expect(readFileSync(paths.tlsAuthority, 'utf8')).toBe(authority)
  })
})
