import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type S3Request, s3Request } from '../src/client/s3.ts'
import { type RawResponse, send } from '../src/client/send.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'

const data = mkdtempSync(join(tmpdir(), 'virtual-hosts-'))
const { url, credentials, stop } = await startCloud({
  cloud: testSettings('eucalyptus'),
  data,
  host: '127.0.0.1',
  port: 0,
  version: '0',
  accelerator: 'tcg',
  hypervisor: fakeHypervisor(),
  log: () => undefined,
})
afterAll(async () => {
  await stop()
  rmSync(data, { recursive: true })
})
const { port } = new URL(url)

/** Calls the cloud by another name, as a client does whose system finds it by that name. */
function callAs(host: string, ask: S3Request): Promise<RawResponse> {
  const { sign = 'v4' } = ask
  const bucket = /^(.*)\.(?:s3|walrus|objectstorage)\./.exec(host)?.[1]
  // Version 2 signs the bucket as the head of the path.
  const signed = sign.startsWith('v2') && bucket !== undefined ? { ...ask, path: `/${bucket}${ask.path}` } : ask
  const target = {
    ...{ ...credentials, endpoint: `http://${host}:${port}`, region: 'anywhere' },
    send: (request: Parameters<typeof send>[0]) => send({ ...request, rawPath: ask.path, endpoint: url }),
  }
  return s3Request(target, signed)
}

const statusAndText = async (host: string, ask: S3Request) => {
  const { status, body } = await callAs(host, ask)
  return [status, body.toString()]
}

describe.each(['v4', 'v4-query', 'v2', 'v2-query'] as const)('a bucket in the name of the host, signed %s', (sign) => {
  test.each([
    `mine-${sign}.s3.localhost`,
    `with.dots-${sign}.s3.eu-west-1.localhost`,
    `mine-${sign}.objectstorage.localhost`,
    `mine-${sign}.s3.mine.walrus.localhost`,
  ])('is made, filled, listed, read and deleted at %s', async (host) => {
    const ask = (method: string, path: string, rest: Partial<S3Request> = {}) =>
      statusAndText(host, { ...rest, method, path, sign })
    const bucket = host.replace(/\.(?:objectstorage|walrus|s3(?:\.eu-west-1)?)\.localhost$/, '')
    expect(await ask('PUT', '/')).toEqual([200, ''])
    expect(await ask('PUT', '/services/a%20key', { body: 'hello' })).toEqual([200, ''])
    expect(await ask('PUT', '/_euca/health', { body: 'well' })).toEqual([200, ''])
    expect(await ask('GET', '/services/a%20key')).toEqual([200, 'hello'])
    expect(await ask('GET', '/_euca/health')).toEqual([200, 'well'])
    const listed = [200, expect.stringMatching(new RegExp(`<Name>${bucket}</Name>[\\s\\S]*<Key>services/a key</Key>`))]
    expect(await ask('GET', '/', { query: 'prefix=serv' })).toEqual(listed)
    expect(await ask('GET', '/', { query: 'acl' })).toEqual([200, expect.stringContaining('FULL_CONTROL')])
    // The same bucket in path style.
    const byPath = { method: 'GET', path: `/${bucket}/services/a%20key`, sign }
    expect(await statusAndText('s3.localhost', byPath)).toEqual([200, 'hello'])
    expect(await ask('GET', '/none')).toEqual([404, expect.stringContaining(`<Resource>/${bucket}/none</Resource>`)])
    expect(await ask('DELETE', '/services/a%20key')).toEqual([204, ''])
    expect(await ask('DELETE', '/_euca/health')).toEqual([204, ''])
    expect(await ask('DELETE', '/')).toEqual([204, ''])
  })

  test('does not go with the signature of another bucket', async () => {
    const mutate: S3Request['mutate'] = (request) => ({
      ...request,
      headers: request.headers.map(([name, value]) => [name, name === 'host' ? 'other.s3.localhost' : value]),
    })
    expect((await callAs('mine.s3.localhost', { method: 'GET', path: '/', sign, mutate })).status).toBe(403)
  })
})

describe('on a host of a bucket', () => {
  const host = 'open.s3.localhost'
  beforeAll(async () => {
    expect((await callAs(host, { method: 'PUT', path: '/' })).status).toBe(200)
    await callAs(host, { method: 'PUT', path: '/', query: 'acl', headers: { 'x-amz-acl': 'public-read-write' } })
  })

  test('a form is posted, and told where its file is', async () => {
    const fields = { key: 'of the form', success_action_status: '201' }
    const part = (name: string, value: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const body = `${Object.entries({ ...fields, file: 'bytes' })
      .map(([name, value]) => part(name, value))
      .join('')}--x--\r\n`
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const [status, text] = await statusAndText(host, { method: 'POST', path: '/', headers, body, sign: 'none' })
    const location = `<Location>http://${host}:${port}/of%20the%20form</Location>`
    expect([status, text]).toEqual([201, expect.stringContaining(location)])
    expect(await statusAndText(host, { method: 'GET', path: '/of%20the%20form' })).toEqual([200, 'bytes'])
  })

  test('a page of another origin is answered by the configuration of the bucket', async () => {
    const body =
      '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>'
    expect((await callAs(host, { method: 'PUT', path: '/', query: 'cors', body })).status).toBe(200)
    const headers = { origin: 'http://page', 'access-control-request-method': 'GET' }
    const answer = await callAs(host, { method: 'OPTIONS', path: '/key', headers, sign: 'none' })
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, '*'])
  })
})

/** The first line of what is answered to bytes. */
const firstLine = (bytes: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')))
    socket.setEncoding('latin1').once('error', reject)
    socket.once('data', (text: string) => {
      socket.destroy()
      resolve(text.split('\r\n')[0] ?? '')
    })
  })

const hosts = [
  ...['', ' ', ':', '.', '..', 's3', '.s3.', '.s3.x', '..s3.x', '...s3.x', 's3..x', 's3.:1', 'a..b.s3.x', '-.s3.x'],
  ...['[::1]:8773', '[::1', '[::ffff:127.0.0.1]', '[a.s3.x]', '::1.s3.x', '127.0.0.1', 'a b.s3.x', 'a/b.s3.x'],
  ...['%.s3.x', '%2f.s3.x', '%00.s3.x', '\xff\xfe.s3.x', '\xed\xa0\x80.s3.x', 'user:word@a.s3.x', 'a?b#c.s3.x'],
  ...[`${'a'.repeat(300)}.s3.x`, `${'b'.repeat(10_000)}.s3.x`, `${'s3.'.repeat(3000)}x`, `${'.'.repeat(9000)}.s3.x`],
]

test.each(hosts.map((host) => [host.slice(0, 20), host]))('the host %j breaks nothing', async (_title, host) => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
    for (const path of ['/', '/key', '/?acl']) {
      const line = await firstLine(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`)
      expect(line).toMatch(/^HTTP\/1\.1 [24]\d\d /)
    }
    const { status } = await s3Request(
      { ...credentials, endpoint: url, region: 'anywhere' },
      {
        ...{ method, path: '/', sign: 'v2' },
        mutate: (request) => ({
          ...request,
          headers: request.headers.map(([n, v]) => [n, n === 'host' ? host.replace(/[^!-~]/g, '!') : v]),
        }),
      },
    )
    expect(status).toBeLessThan(500)
  }
  expect(logged).not.toHaveBeenCalled()
  logged.mockRestore()
})

test.each(['HTTP/1.0\r\n', 'HTTP/1.1\r\n'])('a request without a host, %j, is none of a bucket', async (version) => {
  expect(await firstLine(`GET /none ${version}\r\n`)).toMatch(/^HTTP\/1\.1 40[034] /)
})

test('an address in the request line does not name the bucket: the Host header does', async () => {
  const line = await firstLine('GET http://mine.s3.x/services/compute HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(line).toMatch(/^HTTP\/1\.1 403 /)
})
