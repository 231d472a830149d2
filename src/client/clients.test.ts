import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authenticate } from '../protocol/authentication.ts'
import { Fault } from '../protocol/faults.ts'
import { parseForm } from '../protocol/query.ts'
import { readPayload } from '../protocol/signature/payload.ts'
import type { AuthenticationRequest } from '../protocol/signature/request.ts'
import { sha256 } from '../protocol/signature/sigv4.ts'
import type { HeaderPair } from '../protocol/signature/wire.ts'
import { flatten, queryClient, type RawOptions } from './ec2.ts'
import { presignedUrl, type S3Request, s3Request } from './s3.ts'
import { ServiceError } from './service-error.ts'
import type { AccessKey } from './session-token.ts'
import { list } from './xml.ts'

/** The clients against our own gate over real HTTP: it answers with what it understood, or with its fault. */
let server: Server
let origin = ''
const credentials: AccessKey = { accessKeyId: 'AKIAAAEXAMPLEEXAMPLE', secretAccessKey: 'secret' }
const session: AccessKey = { ...credentials, accessKeyId: 'ASIAAAEXAMPLEEXAMPLE', sessionToken: 'to/ken+with==' }

async function judge(incoming: IncomingMessage): Promise<{ status: number; body: string }> {
  const [rawPath = '', rawQuery = ''] = (incoming.url ?? '').split(/\?(.*)/s)
  const { rawHeaders } = incoming
  const headers = rawHeaders.flatMap((name, at): HeaderPair[] => (at % 2 ? [] : [[name, rawHeaders[at + 1] ?? '']]))
  const service = rawPath.startsWith('/services/compute') ? 'ec2' : 's3'
  const servicePath = service === 'ec2' ? '/services/compute' : '/services/objectstorage'
  const wire = { service, method: incoming.method ?? '', rawPath, servicePath, rawQuery, headers } as const
  const lookUp = (id: string, token: string | undefined) =>
    [credentials, session].some((key) => key.accessKeyId === id && key.sessionToken === token)
      ? { secret: credentials.secretAccessKey }
      : undefined
  const rules = { fidelity: 'aws', version2: true, strictScope: true } as const
  try {
    const query = service === 'ec2' ? await readPayload(incoming, { length: undefined }, 1e5) : Buffer.alloc(0)
    const form = parseForm(query.toString())
    const request: AuthenticationRequest = service === 's3' ? wire : { ...wire, form, bodySha256: sha256(query) }
    const who = authenticate(request, lookUp, new Date(), rules)
    const body = service === 's3' ? (await readPayload(incoming, who.payload, 1e7)).toString() : query.toString()
    const parameters = [...parseForm(rawQuery), ...form].map(([name, value]) => `<item>${name}=${value}</item>`)
    const method = who.kind === 'signed' ? who.method : who.kind
    const echo = `<method>${method}</method><body>${body.length}</body><parameterSet>${parameters.join('')}</parameterSet>`
    return { status: 200, body: `<EchoResponse>${echo}</EchoResponse>` }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, status, message } = error.face('aws')
    const inner = `<Error><Code>${code}</Code><Message>${message.replaceAll('&', '&amp;')}</Message></Error>`
    const document =
      service === 's3' ? inner : `<Response><Errors>${inner}</Errors><RequestID>r-1</RequestID></Response>`
    return { status, body: document }
  }
}

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    judge(incoming).then(
      ({ status, body }) => outgoing.writeHead(status).end(body),
      (error) => outgoing.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const ec2 = (path = '/services/compute', key = credentials) =>
  queryClient({ ...key, endpoint: origin + path, region: 'x', service: 'ec2', version: '2015-10-01' })

test('flatten', () => {
  const parameters = { A: 1, B: undefined, C: [{ D: 'x' }, true], E: { F: ['y'] }, G: new Date(0) }
  const flat = ['A=1', 'C.1.D=x', 'C.2=true', 'E.F.1=y', 'G=1970-01-01T00:00:00.000Z']
  expect(flatten(parameters).map((pair) => pair.join('='))).toEqual(flat)
  expect(flatten({ C: ['x'] }, 'member.')).toEqual([['C.member.1', 'x']])
})

describe('query client', () => {
  test.each(['/services/compute', '/services/compute/'])('calls, at %s', async (path) => {
    const answer = await ec2(path).call('DescribeImages', {
      Owner: ['self'],
      Filter: [{ Name: 'ä +~*', Value: ['1'] }],
    })
    expect(list(answer, 'parameterSet')).toEqual([
      'Action=DescribeImages',
      'Version=2015-10-01',
      'Owner.1=self',
      'Filter.1.Name=ä +~*',
      'Filter.1.Value.1=1',
    ])
  })

  test.each([
    ['v4', 'V4-header'],
    ['v4-query', 'V4-query'],
    ['v2', 'V2-query'],
    ['v2-query', 'V2-query'],
  ] as const)('signs %s', async (sign, method) => {
    for (const key of [credentials, session]) {
      const response = await ec2('/services/compute', key).rawRequest('DescribeImages', { Name: "a b+c'(é)" }, { sign })
      expect(response.body.toString()).toContain(`<method>${method}</method>`)
    }
  })

  const wrong: [string, RawOptions, string][] = [
    ['no signature', { sign: 'none' }, 'MissingAuthenticationToken'],
    ['another secret', { secretAccessKey: 'x' }, 'AuthFailure'],
    ['an old clock', { time: new Date(Date.now() - 1_000_000) }, 'RequestExpired'],
    ['a tampered body', { mutate: (request) => ({ ...request, body: `${request.body}&x=y` }) }, 'AuthFailure'],
  ]
  test.each(wrong)('sends also wrong requests: %s', async (_name, options, code) => {
    const response = await ec2().rawRequest('DescribeImages', {}, options)
    expect(response.body.toString()).toContain(`<Code>${code}</Code>`)
  })

  test('throws ServiceError', async () => {
    const stranger = queryClient({
      ...credentials,
      secretAccessKey: 'x',
      endpoint: `${origin}/services/compute`,
      region: 'x',
      service: 'ec2',
      version: '2015-10-01',
    })
    const error = await stranger.call('DescribeImages').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toMatchObject({ code: 'AuthFailure', status: 401, requestId: 'r-1', message: /validate/ })
  })

  test('throws ServiceError for an answer that is no XML', async () => {
    const send = async () => ({ status: 502, headers: {}, body: Buffer.from('Bad Gateway') })
    const client = queryClient({ ...credentials, endpoint: origin, region: 'x', service: 'ec2', version: '1', send })
    await expect(client.call('A')).rejects.toMatchObject({ code: 'HTTP 502', message: 'Bad Gateway' })
  })
})

describe('s3Request', () => {
  const target = (key = credentials) => ({ ...key, endpoint: `${origin}/services/objectstorage`, region: 'x' })
  const verdict = (said: string) => /<method>(.*?)<|<Code>(.*?)</.exec(said)?.slice(1).find(Boolean) ?? said
  const call = async (ask: S3Request, key = credentials) => verdict((await s3Request(target(key), ask)).body.toString())
  const path = "/Bucket_1/U//root/x'()%20%C3%A9+.img"
  test.each([
    ['v4', 'V4-header'],
    ['v4-query', 'V4-query'],
    ['v2', 'V2-header'],
    ['v2-query', 'V2-query'],
    ['none', 'anonymous'],
  ] as const)('signs %s', async (sign, method) => {
    const headers = { 'x-amz-meta-a': 'größe', 'content-type': 'text/plain' }
    const ask = { method: 'PUT', path, query: 'versionId=a%2Bb&x', headers, body: 'abc', sign } as const
    expect(await call(ask)).toBe(method)
    expect(await call(ask, session)).toBe(method)
  })

  test.each([
    ['version 4', { sign: 'v4-query' }, 'V4-query'],
    ['version 2', { sign: 'v2-query' }, 'V2-query'],
    ['version 2, as euca2ools do', { sign: 'v2-query', bare: true }, 'V2-query'],
    ['version 2, over', { sign: 'v2-query', expires: -5 }, 'AccessDenied'],
  ] as const)('presigns by %s', async (_title, how, expected) => {
    for (const key of [credentials, session]) {
      const url = presignedUrl(target(key), { method: 'GET', path, query: 'versionId=a%2Bb', ...how })
      expect(verdict(await (await fetch(url)).text())).toBe(expected)
      const other = await (await fetch(url.replace('Bucket_1', 'Bucket_2'))).text()
      expect(verdict(other)).toMatch(/^(SignatureDoesNotMatch|AccessDenied)$/)
    }
  })

  test('signs version 2 as euca2ools does', async () => {
    expect(await call({ method: 'GET', path, sign: 'v2', bare: true })).toBe('V2-header')
  })

  const wrong: [string, Partial<S3Request>, string][] = [
    ['a tampered path', { mutate: (sent) => ({ ...sent, rawPath: `${sent.rawPath}x` }) }, 'SignatureDoesNotMatch'],
    ['a tampered body', { mutate: (sent) => ({ ...sent, body: 'abd' }) }, 'XAmzContentSHA256Mismatch'],
    ['a wrong MD5', { headers: { 'content-md5': 'ICy5YqxZB1uWSwcVLSNLcA==' } }, 'BadDigest'],
    ['an old clock', { time: new Date(0) }, 'RequestTimeTooSkewed'],
    ['expired', { sign: 'v2-query', expires: -5 }, 'AccessDenied'],
  ]
  test.each(wrong)('sends also wrong requests: %s', async (_name, ask, code) => {
    expect(await call({ method: 'PUT', path: '/b/k', body: 'abc', ...ask })).toBe(code)
  })

  test('a large body, in many pieces', async () => {
    expect(await call({ method: 'PUT', path: '/b/k', body: Buffer.alloc(3_000_000, 1) })).toBe('V4-header')
  })

  test('a refused body leaves the connection usable', async () => {
    const body = Buffer.alloc(3_000_000, 1)
    expect(
      await call({ method: 'PUT', path: '/b/k', body, headers: { 'content-md5': 'ICy5YqxZB1uWSwcVLSNLcA==' } }),
    ).toBe('BadDigest')
    expect(await call({ method: 'PUT', path: '/b/k', body: 'abc' })).toBe('V4-header')
  })
})
