import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
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
