import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fidelity } from '../src/protocol/faults.ts'
import { subResources } from '../src/protocol/rest.ts'
import { signPolicyV2 } from '../src/protocol/signature/verify-policy.ts'
import {
  badBodies,
  queryShapes,
  type Shape,
  type Shaped,
  type Signers,
  s3Shapes,
  strangersShapes,
  v2,
  v2Query,
  v4,
  v4Query,
  wrongService,
} from './authentication-shapes.harness.ts'
import { testSettings } from './cloud.harness.ts'
import { type RunningEmulator, startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { privateAcl } from './objects/acl.ts'
import type { S3Operation } from './s3/operation.ts'
import { systemClock } from './state/clock.ts'
import { loadOperations, operationFiles } from './surface.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

const started = { eucalyptus: undefined, aws: undefined } as Record<Fidelity, RunningEmulator | undefined>
const data = mkdtempSync(join(tmpdir(), 'matrix-'))
const keys = {} as Record<Fidelity, Omit<Signers, 'now'>>
const emulatorOf = (fidelity: Fidelity): RunningEmulator => {
  const emulator = started[fidelity]
  if (!emulator) throw new Error('the emulator is not up')
  return emulator
}

async function account({ cloud }: RunningEmulator, name: string) {
  const { account: made, key } = await cloud.accounts.create(name)
  return { ...made, accessKeyId: key.id, secretAccessKey: key.secret }
}

/** An emulator with a private bucket `b`, in it `k`, of a plain account; another one has nothing. */
async function start(fidelity: Fidelity): Promise<void> {
  const emulator = await startCloud({
    cloud: testSettings(fidelity),
    data: join(data, fidelity),
    host: '127.0.0.1',
    port: 0,
    version: '0',
    accelerator: 'tcg',
    hypervisor: fakeHypervisor(),
    log: () => undefined,
  })
  started[fidelity] = emulator
  const [owner, stranger] = [await account(emulator, 'owner'), await account(emulator, 'stranger')]
  keys[fidelity] = { owner, stranger }
  const acl = privateAcl({ accountId: owner.id, canonicalId: owner.canonicalId })
  await emulator.cloud.objects.createBucket({ name: 'b', acl, location: '' })
  const body = Readable.from([Buffer.from('x')])
  await emulator.cloud.objects.putObject({ bucket: 'b', key: 'k', acl, headers: {}, metadata: {}, body })
}

beforeAll(async () => {
  await start('eucalyptus')
  await start('aws')
}, 120_000)
afterAll(async () => {
  agent.destroy()
  await Promise.all(Object.values(started).map((emulator) => emulator?.stop()))
  rmSync(data, { recursive: true })
})

/** Sends a request as it is; resolves with its status and what came back. */
function send(fidelity: Fidelity, { method, rawPath, rawQuery, headers, body }: Shaped) {
  const { hostname, port } = new URL(emulatorOf(fidelity).url)
  const path = rawQuery ? `${rawPath}?${rawQuery}` : rawPath
  const bytes = Buffer.from(body)
  const wire = [...headers, ['content-length', String(bytes.length)] as const].flat()
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = httpRequest({ agent, method, hostname, port, path, headers: wire }, (response) => {
      buffer(response).then((all) => resolve({ status: response.statusCode ?? 0, text: String(all) }), reject)
    })
    sent.on('error', reject)
    sent.end(bytes)
  })
}

const plain = (fidelity: Fidelity, request: Partial<Shaped>): Shaped => ({
  ...{ method: 'GET', rawPath: '/', rawQuery: '', body: '' },
  ...request,
  headers: [['host', new URL(emulatorOf(fidelity).url).host], ...(request.headers ?? [])],
})

/** Sends a request in all shapes; resolves with those that were let in. */
async function letIn(fidelity: Fidelity, request: Shaped, shapes: Record<string, Shape>): Promise<string[]> {
  const signers = { ...keys[fidelity], now: systemClock.now() }
  const replies = await Promise.all(
    Object.entries(shapes).map(async ([name, shape]) => {
      const { status, text } = await send(fidelity, shape(request, signers))
      // Whatever goes wrong inside is no refusal.
      return status < 400 || status === 500 ? [`${name}: ${status} ${text.slice(0, 200)}`] : []
    }),
  )
  return replies.flat()
}

const fidelities = ['eucalyptus', 'aws'] as const
const operations: S3Operation[] = await Promise.all(
  (await operationFiles('s3')).map(async (file) => (await import(file)).default),
)
const paths = { service: '/', bucket: '/b', object: '/b/k' }
const values: Record<string, string> = { 'list-type': '2', uploadId: 'x&partNumber=1', delete: '' }
const form = (fields: Record<string, string>) => {
  const part = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const all = { ...fields, file: 'posted' }
  return `${Object.entries(all)
    .map(([name, value]) => part(name, value))
    .join('')}--x--\r\n`
}
const formHeader = ['content-type', 'multipart/form-data; boundary=x'] as const

function requestOf(fidelity: Fidelity, { name, route }: S3Operation): Shaped {
  const { method, of, sub, header } = route
  const rawQuery = sub === undefined ? '' : `${sub}=${values[sub] ?? ''}`
  const headers = header === undefined ? [] : [[header, '/b/k'] as const]
  if (name === 'PostObject') {
    return plain(fidelity, { method, rawPath: '/b', headers: [formHeader], body: form({ key: 'posted' }) })
  }
  return plain(fidelity, { method, rawPath: paths[of], rawQuery, headers, body: method === 'PUT' ? 'x' : '' })
}

/** Where nobody and anybody may see their own buckets: none. */
const listsOwn = (fidelity: Fidelity, name: string, shapes: string[]) =>
  name === 'ListBuckets' ? shapes.filter((shape) => fidelity === 'aws' || shape !== 'none') : []

describe.each(fidelities)('%s: no request of these shapes is let in', (fidelity) => {
  const shapes = { ...s3Shapes, ...(fidelity === 'aws' && { 'wrong service': wrongService('s3') }) }

  test.each(operations.map((operation) => [operation.name, operation] as const))('%s', async (name, operation) => {
    const all = await letIn(fidelity, requestOf(fidelity, operation), { ...shapes, ...strangersShapes, ...badBodies })
    const expected = listsOwn(fidelity, name, ['none', ...Object.keys(strangersShapes)])
    expect(all.map((one) => one.replace(/:.*/s, ''))).toEqual(expected)
    expect(all.join()).not.toContain('<Bucket>')
  })

  const places = (['service', 'bucket', 'object'] as const).flatMap((of) =>
    [undefined, ...subResources[of]].map((sub) => ({ of, sub })),
  )
  test.each(places)('what no operation claims of a $of with $sub', async ({ of, sub }) => {
    const claimed = operations.flatMap(({ route }) => (route.of === of && route.sub === sub ? [route.method] : []))
    const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'] as const
    for (const method of methods.filter((one) => !claimed.some((route) => route === one))) {
      const rawQuery = sub === undefined ? '' : `${sub}=${values[sub] ?? ''}`
      const request = plain(fidelity, { method, rawPath: paths[of], rawQuery })
      expect(await letIn(fidelity, request, { ...shapes, ...strangersShapes })).toEqual([])
    }
  })

  test('and nothing has changed', async () => {
    const { objects } = emulatorOf(fidelity).cloud
    const { entries } = await objects.listObjects('b', { prefix: '', delimiter: '', after: '', limit: 10 })
    expect(entries).toMatchObject([{ name: 'k', row: { etag: '9dd4e461268c8034f5c8564e155c67a6' } }])
    expect((await objects.findObject('b', 'k'))?.acl.grants).toHaveLength(1)
    expect((await objects.findBucket('b'))?.acl.grants).toHaveLength(1)
  })

  test('while its owner is, in every way', async () => {
    const request = plain(fidelity, { rawPath: '/b/k' })
    const { owner } = keys[fidelity]
    const now = systemClock.now()
    const signed = [
      ...[v4('s3', request, owner, now), v4Query('s3', request, owner, now)],
      ...[v2('s3', request, owner, now), v2Query(request, owner, now)],
    ]
    for (const one of signed) expect(await send(fidelity, one)).toMatchObject({ status: 200, text: 'x' })
  })
})

describe.each(fidelities)('%s: no form is let in', (fidelity) => {
  const encoded = (seconds: number) => {
    const expiration = new Date(systemClock.now().getTime() + seconds * 1000).toISOString()
    const conditions = [{ bucket: 'b' }, ['starts-with', '$key', '']]
    return Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  }
  test.each<[what: string, seconds: number, signer: 'owner' | 'stranger', key: 'owner' | 'stranger', spoil: boolean]>([
    ['of a stranger', 60, 'stranger', 'stranger', false],
    ['with the key of another', 60, 'stranger', 'owner', false],
    ['with a bogus signature', 60, 'owner', 'owner', true],
    ['with a policy that has expired', -60, 'owner', 'owner', false],
  ])('%s', async (_what, seconds, signer, key, spoil) => {
    const policy = encoded(seconds)
    const signature = signPolicyV2(policy, keys[fidelity][signer])
    const { accessKeyId: AWSAccessKeyId } = keys[fidelity][key]
    const Signature = spoil ? signature.replace(/^./, (digit) => (digit === 'A' ? 'B' : 'A')) : signature
    const body = form({ key: 'posted', AWSAccessKeyId, policy, Signature })
    const request = plain(fidelity, { method: 'POST', rawPath: '/b', headers: [formHeader], body })
    expect((await send(fidelity, request)).status).toBe(seconds < 0 && fidelity === 'eucalyptus' ? 400 : 403)
    expect(await emulatorOf(fidelity).cloud.objects.findObject('b', 'posted')).toBeUndefined()
  })
})

describe.each(fidelities)('%s: no call of these shapes is let in', (fidelity) => {
  const shapes = { ...queryShapes, ...(fidelity === 'aws' && { 'wrong service': wrongService('query') }) }
  const services = [
    ['ec2', '/services/compute'],
    ['iam', '/services/Euare'],
    ['sts', '/services/Tokens'],
    ['empyrean', '/services/Empyrean'],
  ] as const
  const callOf = (rawPath: string, action: string) =>
    plain(fidelity, {
      method: 'POST',
      rawPath,
      headers: [['content-type', 'application/x-www-form-urlencoded']],
      body: `Action=${action}`,
    })

  test.each(services)('of %s on %s', async (service, path) => {
    const actions = [...(await loadOperations(service)).keys(), 'DescribeVpcs', 'Nonsense']
    for (const action of actions)
      expect([action, await letIn(fidelity, callOf(path, action), shapes)]).toEqual([action, []])
  })

  test('while an account is, in both ways', async () => {
    const now = systemClock.now()
    const request = callOf('/services/compute', 'DescribeRegions')
    for (const sign of [v4, v4Query, v2]) {
      expect(await send(fidelity, sign('query', request, keys[fidelity].owner, now))).toMatchObject({ status: 200 })
    }
  })
})
