import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Parameters, queryClient } from '../src/client/ec2.ts'
import { type S3Request, s3Request } from '../src/client/s3.ts'
import { type RawResponse, send } from '../src/client/send.ts'
import { sha256, signHeaders } from '../src/protocol/signature/sigv4.ts'
import { testSettings } from './cloud.harness.ts'
import { type RunningEmulator, startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { policy } from './sessions.harness.ts'
import { type ManualClock, manualClock } from './state/clock.ts'

const instanceTrust = policy({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' })

/** What a session signs with; `token` is sent where the form of signature has it. */
interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly token?: string
}

/** Code and status of an error document, or `200`. */
const verdict = ({ status, body }: RawResponse) =>
  status < 300 ? `${status}` : `${status} ${/<Code>([^<]*)/.exec(body.toString())?.[1] ?? ''}`

describe.each(['eucalyptus', 'aws'] as const)('the session of a role in %s', (fidelity) => {
  const data = mkdtempSync(join(tmpdir(), 'roles-'))
  const clock: ManualClock = manualClock(new Date('2026-05-01T00:00:00Z'))
  let emulator: RunningEmulator
  let session: Session
  beforeAll(async () => {
    const settings = { cloud: testSettings(fidelity), data, host: '127.0.0.1', port: 0, version: '0', log: () => {} }
    emulator = await startCloud({ ...settings, accelerator: 'tcg', hypervisor: fakeHypervisor(), clock })
    await owner('iam', 'CreateRole', { RoleName: 'reader', AssumeRolePolicyDocument: instanceTrust })
    await allow(['ec2:Describe*', 's3:GetObject', 's3:ListBucket'])
    session = await assume()
    for (const [method, path, body] of [
      ['PUT', '/open', ''],
      ['PUT', '/open/key', 'read me'],
      ['PUT', '/closed', ''],
    ] as const) {
      expect((await s3(emulator.credentials, { method, path, body })).status).toBe(200)
    }
  })
  afterAll(async () => {
    await emulator.stop()
    rmSync(data, { recursive: true })
  })

  const client = (service: 'ec2' | 'iam' | 'sts', credentials: Session) =>
    queryClient({ ...credentials, endpoint: `${emulator.url}/`, region: 'x', service, version: '2011-06-15' })
  const owner = async (service: 'iam' | 'sts', action: string, parameters: Parameters) => {
    const reply = await client(service, emulator.credentials).rawRequest(action, parameters, { time: clock.now() })
    expect(verdict(reply)).toBe('200')
    return reply.body.toString()
  }
  const allow = (Action: string[], Resource: string | string[] = '*') =>
    owner('iam', 'PutRolePolicy', {
      RoleName: 'reader',
      PolicyName: 'p',
      PolicyDocument: policy({ Action, Resource }),
    })
  const assume = async (): Promise<Session> => {
    const RoleArn = `arn:aws:iam::${emulator.credentials.accountId}:role/reader`
    const text = await owner('sts', 'AssumeRole', { RoleArn, RoleSessionName: 'a-session', DurationSeconds: 3600 })
    const of = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1] ?? ''
    return { accessKeyId: of('AccessKeyId'), secretAccessKey: of('SecretAccessKey'), token: of('SessionToken') }
  }
  const s3 = ({ token, ...credentials }: Session, request: S3Request) => {
    const target = { ...credentials, endpoint: `${emulator.url}/services/objectstorage`, region: 'x' }
    const name = request.sign === 'v4-query' ? 'X-Amz-Security-Token' : 'x-amz-security-token'
    const inQuery = request.sign?.endsWith('query') && token !== undefined
    return s3Request(target, {
      ...request,
      time: clock.now(),
      ...(inQuery && { query: `${name}=${encodeURIComponent(token)}` }),
      ...(!inQuery && token !== undefined && { headers: { ...request.headers, [name]: token } }),
    })
  }
  const v4Header = ({ token, ...credentials }: Session, service: string, action: string) => {
    const headers: [string, string][] = [
      ['host', new URL(emulator.url).host],
      ['content-type', 'application/x-www-form-urlencoded'],
      ...(token === undefined ? [] : [['x-amz-security-token', token] as [string, string]]),
    ]
    const body = `Action=${action}&Version=2016-11-15`
    const parts = { method: 'POST', rawPath: '/', rawQuery: '', headers, payloadHash: sha256(Buffer.from(body)) }
    const signed = signHeaders(parts, { ...credentials, region: 'x', service, time: clock.now() })
    return send({ ...parts, endpoint: emulator.url, body, headers: signed.headers })
  }
  const ec2Forms: Record<string, (as: Session, action: string) => Promise<RawResponse>> = {
    'V4 header': (as, action) => v4Header(as, 'ec2', action),
    'V4 query': ({ token, ...as }, action) =>
      client('ec2', as).rawRequest(action, { 'X-Amz-Security-Token': token }, { sign: 'v4-query', time: clock.now() }),
    'V2 form': ({ token, ...as }, action) =>
      client('ec2', as).rawRequest(action, { SecurityToken: token }, { sign: 'v2', time: clock.now() }),
    'V2 query': ({ token, ...as }, action) =>
      client('ec2', as).rawRequest(action, { SecurityToken: token }, { sign: 'v2-query', time: clock.now() }),
  }
  const isAws = fidelity === 'aws'
  const euca = '403 403 Forbidden'

  describe.each(Object.entries(ec2Forms))('EC2, %s', (_name, call) => {
    test('may do what its policies allow, and nothing else', async () => {
      expect(verdict(await call(session, 'DescribeRegions'))).toBe('200')
      expect(verdict(await call(session, 'CreateVolume'))).toBe('403 UnauthorizedOperation')
    })

    test('is refused without its token, and with a wrong one', async () => {
      const { token, ...without } = session
      const refused = isAws ? '401 AuthFailure' : euca
      expect(verdict(await call(without, 'DescribeRegions'))).toBe(refused)
      expect(verdict(await call({ ...session, token: `${token?.slice(0, -4)}AAAA` }, 'DescribeRegions'))).toBe(refused)
    })
  })

  describe.each(['v4', 'v4-query', 'v2', 'v2-query'] as const)('Object Storage, %s', (sign) => {
    test('may do what its policies allow, and nothing else', async () => {
      const read = await s3(session, { method: 'GET', path: '/open/key', sign })
      expect([verdict(read), read.body.toString()]).toEqual(['200', 'read me'])
      expect(verdict(await s3(session, { method: 'DELETE', path: '/open/key', sign }))).toBe('403 AccessDenied')
    })

    test('is refused without its token, and with a wrong one', async () => {
      const { token, ...without } = session
      const get = (as: Session) => s3(as, { method: 'GET', path: '/open/key', sign })
      expect(verdict(await get(without))).toBe('403 InvalidAccessKeyId')
      expect(verdict(await get({ ...without, token: `${token}x` }))).toBe(
        isAws ? '400 InvalidToken' : '403 InvalidAccessKeyId',
      )
    })
  })

  test('STS knows it, and refuses it without its token', async () => {
    const { token, ...without } = session
    const known = await v4Header(session, 'sts', 'GetCallerIdentity')
    expect(known.body.toString()).toContain(':assumed-role/reader/a-session</Arn>')
    expect(verdict(await v4Header(without, 'sts', 'GetCallerIdentity'))).toBe(isAws ? '403 InvalidClientTokenId' : euca)
    expect(verdict(await v4Header(session, 'iam', 'ListRoles'))).toBe(isAws ? '403 AccessDenied' : '403 NotAuthorized')
  })

  test('what it may do changes with its policies at once, bucket by bucket', async () => {
    await allow(['s3:*'], ['arn:aws:s3:::open', 'arn:aws:s3:::open/*'])
    const ask = async (method: string, path: string, body = '') => verdict(await s3(session, { method, path, body }))
    expect(await ask('PUT', '/open/new', 'x')).toBe('200')
    expect(await ask('GET', '/open')).toBe('200')
    expect(await ask('GET', '/closed')).toBe('403 AccessDenied')
    expect(await ask('PUT', '/closed/new', 'x')).toBe('403 AccessDenied')
    expect(await ask('GET', '/')).toBe('403 AccessDenied')
    expect(verdict(await v4Header(session, 'ec2', 'DescribeRegions'))).toBe('403 UnauthorizedOperation')
  })

  test('ends with its time by the cloud’s clock', async () => {
    await allow(['ec2:Describe*', 's3:*'])
    await clock.advance(3_599_000)
    expect(verdict(await v4Header(session, 'ec2', 'DescribeRegions'))).toBe('200')
    await clock.advance(1000)
    expect(verdict(await v4Header(session, 'ec2', 'DescribeRegions'))).toBe(isAws ? '400 RequestExpired' : euca)
    expect(verdict(await v4Header(session, 'sts', 'GetCallerIdentity'))).toBe(isAws ? '403 ExpiredToken' : euca)
    expect(verdict(await s3(session, { method: 'GET', path: '/open/key' }))).toBe(
      isAws ? '400 ExpiredToken' : '403 InvalidAccessKeyId',
    )
    expect(verdict(await v4Header(await assume(), 'ec2', 'DescribeRegions'))).toBe('200')
  })

  test('is over when its role is deleted', async () => {
    const fresh = await assume()
    await owner('iam', 'DeleteRolePolicy', { RoleName: 'reader', PolicyName: 'p' })
    await owner('iam', 'DeleteRole', { RoleName: 'reader' })
    expect(verdict(await v4Header(fresh, 'ec2', 'DescribeRegions'))).toBe(isAws ? '401 AuthFailure' : euca)
  })
})
