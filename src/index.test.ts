import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type S3Request, s3Request } from './client/s3.ts'
import { startEmulator } from './index.ts'

describe('an ephemeral emulator', () => {
  test('has a data folder of its own, which goes when it stops', async () => {
    const { data, url, images, publicAddresses, stop } = await startEmulator({
      ephemeral: true,
      services: 's3',
      port: 0,
    })
    expect((await fetch(`${url}/_euca/health`)).status).toBe(200)
    expect([images, publicAddresses]).toEqual([[], undefined])
    expect(existsSync(join(data, 'objects'))).toBe(true)
    await stop()
    expect(existsSync(data)).toBe(false)
  })

  test('leaves the data folder that it was given', async () => {
    const data = mkdtempSync(join(tmpdir(), 'ephemeral-'))
    onTestFinished(() => rmSync(data, { recursive: true }))
    const emulator = await startEmulator({ ephemeral: true, services: 's3', port: 0, data })
    await emulator.stop()
    expect(existsSync(join(data, 'objects'))).toBe(true)
  })

  test('that cannot start leaves nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const place = ownTemporaryPlace()
    await expect(startEmulator({ ephemeral: true, services: 's3', port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    expect(readdirSync(place)).toEqual([])
  })

  test('removes the data folder of one that was killed', async () => {
    const place = ownTemporaryPlace()
    const left = join(place, 'euca-emu-0123456789abcdef')
    mkdirSync(left)
    writeFileSync(join(left, 'LOCK'), '1 here\n')
    const { data, stop } = await startEmulator({ ephemeral: true, services: 's3', port: 0 })
    expect(readdirSync(place)).toEqual([basename(data)])
    await stop()
  })
})

/** A place for temporary folders that is this test's alone. */
function ownTemporaryPlace(): string {
  const place = mkdtempSync(join(tmpdir(), 'ephemeral-'))
  vi.stubEnv('TMPDIR', place)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(place, { recursive: true })
  })
  return place
}

describe('Object Storage of AWS', () => {
  const started = async (settings: object) => {
    const emulator = await startEmulator({ fidelity: 'aws', ephemeral: true, services: 's3', port: 0, ...settings })
    onTestFinished(() => emulator.stop())
    return (region: string, request: S3Request) =>
      s3Request({ ...emulator.credentials, endpoint: emulator.url, region }, request)
  }

  test('takes signatures for the region that it was given alone, and says which', async () => {
    const ask = await started({ region: 'eu-west-1' })
    expect(await ask('eu-west-1', { method: 'PUT', path: '/mine' })).toMatchObject({ status: 200 })
    const refused = await ask('us-east-1', { method: 'GET', path: '/mine' })
    expect(refused.status).toBe(400)
    expect(refused.body.toString()).toMatch(/<Code>AuthorizationHeaderMalformed<.*<Region>eu-west-1</s)
    const head = await ask('us-east-1', { method: 'HEAD', path: '/mine', sign: 'v4-query' })
    expect([head.status, head.headers['x-amz-bucket-region']]).toEqual([400, 'eu-west-1'])
    const location = await ask('us-east-1', { method: 'GET', path: '/mine', query: 'location' })
    expect([location.status, location.body.toString()]).toEqual([200, expect.stringContaining('eu-west-1')])
  })

  test('takes those for any region where it was given none', async () => {
    const ask = await started({})
    expect(await ask('mars', { method: 'PUT', path: '/mine' })).toMatchObject({ status: 200 })
  })
})
