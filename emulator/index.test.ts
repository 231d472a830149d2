import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { queryClient } from '../src/client/ec2.ts'
import { s3Request } from '../src/client/s3.ts'
import { text } from '../src/client/xml.ts'
import { testSettings } from './cloud.harness.ts'
import { type EmulatorSettings, startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'

function settings(also: Partial<EmulatorSettings> = {}): EmulatorSettings {
  const data = mkdtempSync(join(tmpdir(), 'start-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  return {
    cloud: testSettings('eucalyptus'),
    data,
    host: '127.0.0.1',
    port: 0,
    version: '1.2.3',
    accelerator: 'tcg',
    hypervisor: fakeHypervisor(),
    log: () => undefined,
    ...also,
  }
}
afterEach(() => vi.restoreAllMocks())

describe('the health page', () => {
  test('says ok when all is ready, and what there is', async () => {
    const { url, ready, stop } = await startCloud(settings())
    const health = async () => {
      const response = await fetch(`${url}/_euca/health`)
      return { http: response.status, ...((await response.json()) as object) }
    }
    expect(await health()).toMatchObject({ http: 503, status: 'starting', node: 'not looked at yet' })
    await ready()
    await vi.waitFor(async () => expect(await health()).toMatchObject({ node: 'fake 1, none' }))
    expect(await health()).toEqual({
      http: 200,
      status: 'ok',
      version: '1.2.3',
      fidelity: 'eucalyptus',
      services: ['ec2', 's3', 'iam', 'sts', 'empyrean'],
      node: 'fake 1, none',
      pace: 0,
      images: 0,
      instances: {},
    })
    await stop()
    await expect(health()).rejects.toThrow()
  })

  test('says why nothing boots', async () => {
    const hypervisor = { ...fakeHypervisor(), describe: () => Promise.reject(new Error('there is no QEMU')) }
    const { url, ready, stop } = await startCloud(settings({ hypervisor }))
    await ready()
    await vi.waitFor(async () =>
      expect(await (await fetch(`${url}/_euca/health`)).json()).toMatchObject({ node: 'there is no QEMU' }),
    )
    await stop()
  })
})

describe('a start', () => {
  test('notes where it listens, for other commands', async () => {
    const all = settings()
    const { url, stop } = await startCloud(all)
    const noted = JSON.parse(readFileSync(join(all.data, 'endpoint.json'), 'utf8'))
    expect(noted).toEqual({ url, region: 'eucalyptus', pid: process.pid })
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await stop()
  })

  test.each([
    ['::1', /^http:\/\/\[::1\]:\d+$/],
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
  ])('on %s has a URL that can be called', async (host, expected) => {
    const { url, stop } = await startCloud(settings({ host }))
    expect(url).toMatch(expected)
    expect((await fetch(`${url}/_euca/health`)).status).toBe(503)
    await stop()
  })

  test('on a port that is taken says so and lets go of the data folder', async () => {
    const first = await startCloud(settings())
    const second = settings({ port: Number(new URL(first.url).port) })
    await expect(startCloud(second)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const again = await startCloud({ ...second, port: 0 })
    await Promise.all([first.stop(), again.stop()])
  })
})

test('a stop that is asked for twice happens once, and open connections do not hold it up', async () => {
  const { url, stop } = await startCloud(settings())
  const response = await fetch(`${url}/_euca/health`)
  await Promise.all([stop(), stop()])
  await stop()
  expect(response.status).toBe(503)
})

describe('Object Storage alone', () => {
  test('answers S3 and accounts, and says of other services that they do not run', async () => {
    const hypervisor = { ...fakeHypervisor(), describe: () => Promise.reject(new Error('nobody shall ask')) }
    const { url, ready, stop, credentials } = await startCloud(settings({ services: 's3', hypervisor }))
    await ready()
    expect(await (await fetch(`${url}/_euca/health`)).json()).toMatchObject({
      status: 'ok',
      services: ['s3', 'iam', 'sts'],
      node: 'none: this cloud is an Object Storage',
    })
    const target = { ...credentials, endpoint: url, region: 'eucalyptus' }
    expect((await s3Request(target, { method: 'PUT', path: '/bucket' })).status).toBe(200)
    const client = (service: 'ec2' | 'sts', endpoint = url) =>
      queryClient({ ...target, endpoint, service, version: '2011-06-15' })
    expect(text(await client('sts').call('GetCallerIdentity'), 'GetCallerIdentityResult', 'Account')).toBe(
      credentials.accountId,
    )
    for (const endpoint of [url, `${url}/services/compute`]) {
      const { status, body } = await client('ec2', endpoint).rawRequest('DescribeInstances', {})
      expect([status, body.toString()]).toEqual([503, expect.stringContaining('Service ec2 is not running')])
    }
    await stop()
  })

  test.each([
    ['eucalyptus', '503 Service Unavailable'],
    ['aws', 'ServiceUnavailable'],
  ] as const)('in %s calls that %s', async (fidelity, code) => {
    const { url, stop, credentials } = await startCloud(settings({ services: 's3', cloud: testSettings(fidelity) }))
    const target = {
      ...credentials,
      endpoint: url,
      region: 'eucalyptus',
      service: 'ec2',
      version: '2016-11-15',
    } as const
    const { body } = await queryClient(target).rawRequest('DescribeInstances', {})
    expect(body.toString()).toContain(`<Code>${code}</Code>`)
    await stop()
  })
})

test('over TLS it is called by HTTPS, and notes where and whom to trust', async () => {
  const all = settings({ services: 's3', tls: true })
  const { url, authority, stop } = await startCloud(all)
  const noted = JSON.parse(readFileSync(join(all.data, 'endpoint.json'), 'utf8'))
  expect(authority).toBe(join(all.data, 'tls-authority.pem'))
  expect(noted).toMatchObject({ url: url.replace('https:', 'http:'), secure: { url, authority } })
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  await stop()
})

test('what is not durable opens again after a stop', async () => {
  const all = settings({ services: 's3', durable: false })
  const first = await startCloud(all)
  const target = { ...first.credentials, endpoint: first.url, region: 'eucalyptus' }
  const put = (path: string, body = '') => s3Request(target, { method: 'PUT', path, body })
  expect((await put('/bucket')).status).toBe(200)
  expect((await put('/bucket/large', 'x'.repeat(100_000))).status).toBe(200)
  await first.stop()
  const second = await startCloud(all)
  const again = await s3Request({ ...target, endpoint: second.url }, { method: 'GET', path: '/bucket/large' })
  expect(again.body.length).toBe(100_000)
  await second.stop()
})
