import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { queryClient } from '../src/client/ec2.ts'
import { s3Request } from '../src/client/s3.ts'
import { type RawRequest, send } from '../src/client/send.ts'
import { sha256, signHeaders } from '../src/protocol/signature/sigv4.ts'
import { testSettings } from './cloud.harness.ts'
import type { RequestLog } from './http.ts'
import { startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { systemClock } from './state/clock.ts'

const data = mkdtempSync(join(tmpdir(), 'http-'))
const log = vi.fn<RequestLog>()
const { url, credentials, stop, cloud } = await startCloud({
  cloud: testSettings('eucalyptus'),
  data,
  host: '127.0.0.1',
  port: 0,
  version: '0',
  accelerator: 'tcg',
  hypervisor: fakeHypervisor(),
  log,
})
afterAll(async () => {
  await stop()
  rmSync(data, { recursive: true })
})
beforeEach(() => {
  log.mockClear()
})
afterEach(() => vi.restoreAllMocks())

const { port } = new URL(url)
const signer = () => ({ ...credentials, region: 'anywhere', service: 'ec2', time: systemClock.now() })

/** A POST form, signed version 4 by the administrator, to any path. */
function post(rawPath: string, form: string, rawQuery = '') {
  const headers: [string, string][] = [
    ['host', `127.0.0.1:${port}`],
    ['content-type', 'application/x-www-form-urlencoded'],
  ]
  const parts = { method: 'POST', rawPath, rawQuery, headers, payloadHash: sha256(Buffer.from(form)) }
  const request: RawRequest = { ...parts, endpoint: url, body: form, headers: signHeaders(parts, signer()).headers }
  return send(request)
}

const target = { ...credentials, endpoint: url, region: 'anywhere', service: 'ec2', version: '2015-10-01' } as const
const s3 = { ...credentials, endpoint: url, region: 'anywhere' }

describe('the service is told', () => {
  test.each([
    ['/services/compute', 'DescribeRegions'],
    ['/services/compute/', 'DescribeRegions'],
    ['/services/Eucalyptus', 'DescribeRegions'],
    ['/services/Tokens', 'GetCallerIdentity'],
    ['/services/Tokens/', 'GetCallerIdentity'],
    ['/', 'DescribeRegions'],
    ['/', 'GetCallerIdentity'],
    ['/services/Euare', 'GetUser'],
    ['/services/Euare/', 'ListAccounts'],
    ['/services/Empyrean/', 'DescribeServiceCertificates'],
    ['/', 'GetUser'],
  ])('from %s, for %s', async (path, action) => {
    const { status, body, headers } = await post(path, `Action=${action}`)
    expect([status, body.toString()]).toEqual([200, expect.stringContaining(`<${action}Response`)])
    expect(headers).toMatchObject({ 'content-type': 'text/xml; charset=UTF-8', 'x-amzn-requestid': expect.any(String) })
  })

  test('from the action in a form and in a query, however it is signed (clients.md, quirk 2)', async () => {
    const client = queryClient(target)
    for (const sign of ['v4', 'v4-query', 'v2', 'v2-query'] as const) {
      const { status, body } = await client.rawRequest('DescribeRegions', {}, { sign })
      expect([status, body.toString()]).toEqual([200, expect.stringContaining('<DescribeRegionsResponse')])
    }
  })

  test.each(['/', '/services/objectstorage', '/services/objectstorage/', '/services/Walrus/'])(
    'as Object Storage on %s without an action',
    async (path) => {
      const { status, body } = await s3Request(s3, { method: 'GET', path })
      expect([status, body.toString()]).toEqual([200, expect.stringContaining('<ListAllMyBucketsResult')])
    },
  )

  test.each([
    ['/services/Tokens', 'DescribeRegions', 'ErrorResponse'],
    ['/services/compute', 'GetCallerIdentity', 'Response'],
    ['/services/Euare', 'CreateUser', 'ErrorResponse'],
    ['/services/Empyrean', 'DescribeRegions', 'Response'],
  ])('and %s has no %s', async (path, action, root) => {
    const { status, body } = await post(path, `Action=${action}`)
    expect([status, body.toString()]).toEqual([400, expect.stringContaining(`<${root}>`)])
  })
})

describe('the log', () => {
  test.each<[string, () => Promise<unknown>, object]>([
    ['an action', () => post('/', 'Action=DescribeRegions'), { what: 'ec2.DescribeRegions', status: 200 }],
    [
      'an action of another service',
      () => post('/', 'Action=GetCallerIdentity'),
      { what: 'sts.GetCallerIdentity', status: 200 },
    ],
    [
      'an action that is not supported',
      () => post('/', 'Action=CreateVolume'),
      { what: 'ec2.CreateVolume', status: 400 },
    ],
    ['text of a stranger', () => post('/services/compute', 'Action=%0Aforged'), { what: 'ec2.?', status: 400 }],
    ['Object Storage', () => s3Request(s3, { method: 'GET', path: '/' }), { what: 's3 GET /', status: 200 }],
  ])('has a line for %s', async (_title, ask, expected) => {
    await ask()
    await vi.waitFor(() => expect(log.mock.calls).toMatchObject([[expected]]))
  })
})

describe('a query request', () => {
  test('that is not signed is refused, with the status line for a code', async () => {
    const { status, headers, body } = await queryClient(target).rawRequest('DescribeRegions', {}, { sign: 'none' })
    expect(status).toBe(403)
    expect(headers['content-type']).toBe('text/plain; charset=UTF-8')
    expect(body.toString()).toContain('<Code>403 Forbidden</Code>')
  })

  test('whose body was changed is refused', async () => {
    const mutate = (request: RawRequest) => ({ ...request, body: `${request.body}&X=1` })
    expect((await queryClient(target).rawRequest('DescribeRegions', {}, { mutate })).status).toBe(403)
  })

  test('with HEAD has the headers alone', async () => {
    const parts = {
      method: 'HEAD',
      rawPath: '/services/compute',
      rawQuery: 'Action=DescribeRegions',
      headers: [['host', `127.0.0.1:${port}`]] as [string, string][],
      payloadHash: sha256(''),
    }
    const { status, headers, body } = await send({
      ...parts,
      endpoint: url,
      body: '',
      headers: signHeaders(parts, signer()).headers,
    })
    expect([status, body.length]).toEqual([200, 0])
    expect(Number(headers['content-length'])).toBeGreaterThan(100)
  })

  test.each([
    ['a form of more than 256 KiB', 300_000],
    ['a form of several MiB', 8 * 2 ** 20],
  ])('with %s is too large, and the client gets to know', async (_title, size) => {
    const { status, body } = await post('/services/compute', `Action=DescribeRegions&X=${'x'.repeat(size)}`)
    expect([status, body.toString()]).toEqual([413, expect.stringContaining('<Code>RequestEntityTooLarge</Code>')])
  })

  test('whose size nobody told is too large all the same', async () => {
    const head = 'POST /services/compute HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    expect(await converse(head, ...Array(100).fill(chunk), '0\r\n\r\n', answered)).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('whose sender cannot be looked up is an error of ours', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.spyOn(cloud.accounts, 'key').mockImplementation(() => {
      throw new Error('no records')
    })
    expect((await post('/', 'Action=DescribeRegions')).body.toString()).toContain('<Code>InternalError</Code>')
    expect(logged).toHaveBeenCalledOnce()
  })
})

/** Speaks HTTP by hand: sends texts, each when the answer so far fits the pattern before it; resolves at the end. */
function converse(...script: (string | RegExp)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let heard = ''
    const go = () => {
      for (let next = script[0]; next !== undefined; next = script[0]) {
        if (typeof next === 'string') socket.write(next)
        else if (!next.test(heard)) return
        script.shift()
      }
      socket.end()
    }
    socket.setEncoding('latin1')
    socket.on('connect', go)
    socket.on('data', (text: string) => {
      heard += text
      go()
    })
    socket.on('close', () => resolve(heard))
    socket.on('error', reject)
  })
}

const answered = /HTTP\/1\.1 (?!100)\d{3}[\s\S]*\r\n\r\n/

function putHead(path: string, body: string, secretAccessKey: string): string {
  const headers: [string, string][] = [
    ['host', 'localhost'],
    ['content-length', String(body.length)],
    ['expect', '100-continue'],
  ]
  const parts = { method: 'PUT', rawPath: path, rawQuery: '', headers, payloadHash: sha256(Buffer.from(body)) }
  const signed = signHeaders(parts, { ...signer(), secretAccessKey, service: 's3' }).headers
  return `PUT ${path} HTTP/1.1\r\n${signed.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

describe('a client that waits to be told to go on', () => {
  test('is refused at once when its signature is bad, and the connection ends', async () => {
    const heard = await converse(putHead('/bucket/key', 'hello', 'not the secret'), answered)
    expect(heard).toMatch(/^HTTP\/1\.1 403 /)
    expect(heard).toMatch(/\r\nconnection: close\r\n/i)
    expect(heard).not.toContain('100 Continue')
  })

  test('is told to go on when it is good', async () => {
    await s3Request(s3, { method: 'PUT', path: '/waiting' })
    const heard = await converse(
      putHead('/waiting/key', 'hello', credentials.secretAccessKey),
      /100 Continue/,
      'hello',
      answered,
    )
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    expect(await cloud.objects.findObject('waiting', 'key')).toMatchObject({ data: { size: 5 } })
  })

  test('is told to send its form, unless that is too large', async () => {
    const head = (size: number) =>
      `POST /services/compute HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${size}\r\n\r\n`
    const form = 'Action=DescribeRegions'
    expect(await converse(head(form.length), /100 Continue/, form, answered)).toMatch(/HTTP\/1\.1 403 /)
    const refused = await converse(head(2 ** 20), answered)
    expect(refused).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nconnection: close\r\n/i)
  })
})

describe('a body that is not wanted', () => {
  test('runs out, and the client gets to know why, on the same connection', async () => {
    const body = randomBytes(8 * 2 ** 20)
    const mutate = (request: RawRequest) => ({ ...request, rawPath: `${request.rawPath}x` })
    for (const _ of [1, 2, 3]) {
      const { status, headers } = await s3Request(s3, { method: 'PUT', path: '/bucket/key', body, mutate })
      expect([status, headers['connection']]).toEqual([403, 'keep-alive'])
    }
  })

  test('of a client that goes away is no error of ours', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    await converse('POST /services/compute HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nAction=')
    await vi.waitFor(() => expect(log.mock.calls).toMatchObject([[{ what: 'ec2.?', status: 0 }]]))
    expect(logged).not.toHaveBeenCalled()
  })
})

test('an address with a scheme and a host in the request line is the path alone', async () => {
  const heard = await converse(
    `GET http://elsewhere/services/compute?Action=DescribeRegions HTTP/1.1\r\nhost: x\r\n\r\n`,
    answered,
  )
  expect(heard).toMatch(/^HTTP\/1\.1 403 [\s\S]*Missing required parameter: AWSAccessKeyId/)
})

describe('what a client expects before it sends a body', () => {
  /** The first status that comes for a PUT without a signature, which waits with its body. */
  function firstStatus(path: string, expectation: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: ${expectation}\r\n\r\n`),
      )
      socket.once('error', reject).once('data', (data) => {
        socket.destroy()
        resolve(data.toString().slice(9, 12))
      })
    })
  }

  test('is told only to who may do it', async () => {
    await s3Request(s3, { method: 'PUT', path: '/expecting' })
    expect(await firstStatus('/expecting/key', '100-continue')).toBe('403')
    await s3Request(s3, {
      method: 'PUT',
      path: '/expecting',
      query: 'acl',
      headers: { 'x-amz-acl': 'public-read-write' },
    })
    expect(await firstStatus('/expecting/key', '100-continue')).toBe('100')
  })

  test('is passed over when it is something else', async () => {
    expect(await firstStatus('/none/key', '200-ok')).toBe('404')
  })
})
