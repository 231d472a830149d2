import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type S3Request, s3Request } from '../src/client/s3.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { type FileLayer, hostFiles } from './objects/file-space.ts'
import type { StoreLayers } from './objects/store.ts'
import { aroundIndex, type Trace, trace } from './objects/trace.harness.ts'

afterEach(() => vi.restoreAllMocks())

/** An Object Storage on layers, and how it is asked. */
async function storage(layers: StoreLayers) {
  const data = mkdtempSync(join(tmpdir(), 'durability-'))
  const emulator = await startCloud({
    cloud: testSettings('aws'),
    ...{ data, host: '127.0.0.1', port: 0, version: '0', accelerator: 'tcg', hypervisor: fakeHypervisor() },
    services: 's3',
    objectLayers: layers,
    log: () => undefined,
  })
  await emulator.ready()
  onTestFinished(async () => {
    await emulator.stop()
    rmSync(data, { recursive: true })
  })
  const target = { ...emulator.credentials, endpoint: emulator.url, region: 'eucalyptus' }
  const ask = (method: string, path: string, also: Partial<S3Request> = {}) =>
    s3Request(target, { method, path, ...also })
  const files = () =>
    readdirSync(join(data, 'objects', 'files'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  return { ask, files }
}

type Storage = Awaited<ReturnType<typeof storage>>
const large = randomBytes(300_000)
const part = Buffer.alloc(5 * 2 ** 20, 'part ')
const parts = (...etags: (string | undefined)[]) =>
  `<CompleteMultipartUpload>${etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`

/** All that writes, one after the other. */
async function writeEverything({ ask }: Storage): Promise<number[]> {
  const seen: number[] = []
  const did = async (...request: Parameters<Storage['ask']>) => {
    const answer = await ask(...request)
    seen.push(answer.status)
    return answer
  }
  await did('PUT', '/bucket')
  await did('PUT', '/bucket/small', { body: 'small' })
  await did('PUT', '/bucket/large', { body: large })
  await did('PUT', '/bucket/large', { body: large })
  await did('PUT', '/bucket/copy', { headers: { 'x-amz-copy-source': '/bucket/large' } })
  await did('PUT', '/bucket/large', { query: 'acl', headers: { 'x-amz-acl': 'public-read' } })
  const begun = await did('POST', '/bucket/parts', { query: 'uploads' })
  const id = /<UploadId>(.*?)<\/UploadId>/.exec(begun.body.toString())?.[1]
  const first = await did('PUT', '/bucket/parts', { query: `partNumber=1&uploadId=${id}`, body: part })
  const second = await did('PUT', '/bucket/parts', { query: `partNumber=2&uploadId=${id}`, body: 'end' })
  const body = parts(first.headers['etag'], second.headers['etag'])
  await did('POST', '/bucket/parts', { query: `uploadId=${id}`, body })
  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await did('PUT', '/bucket', { query: 'versioning', body: enabled })
  await did('PUT', '/bucket/large', { body: large })
  for (const key of ['large', 'copy', 'parts', 'small']) await did('DELETE', `/bucket/${key}`)
  return seen
}

/** Writes everything on layers over a trace, and returns the trace. */
async function traced(above: (layers: Required<StoreLayers>) => StoreLayers): Promise<Trace> {
  const traced = trace()
  const it = await storage(above(traced.layers))
  const { writeHead } = ServerResponse.prototype
  vi.spyOn(ServerResponse.prototype, 'writeHead').mockImplementation(function (this: ServerResponse, ...head) {
    traced.answer(`${this.req.method} ${this.req.url?.replace(/[0-9a-f]{32,}/, 'ID')}`)
    return Reflect.apply(writeHead, this, head)
  })
  const statuses = await writeEverything(it)
  vi.restoreAllMocks()
  expect(statuses.filter((status) => status >= 300)).toEqual([])
  return traced
}

describe('an answer', () => {
  test('leaves when its bytes and the index are on disk, in that order', async () => {
    const { events, breaches } = await traced((layers) => layers)
    expect(breaches).toEqual([])
    expect(events.filter((event) => event.startsWith('answer'))).toHaveLength(16)
    const end = events.indexOf('answer PUT /bucket/large')
    const begin = events.indexOf('answer PUT /bucket/small')
    const ofLarge = events.slice(begin + 1, end).filter((event, index, all) => event !== all[index - 1])
    expect(ofLarge).toEqual([
      'index',
      'flush index',
      'sync folder',
      'create',
      'sync folder',
      'write',
      'sync file',
      'index',
      'flush index',
    ])
  })

  const lying: [string, (layers: Required<StoreLayers>) => StoreLayers, RegExp][] = [
    ['files', ({ files, index }) => ({ files: { ...files, sync: async () => {} }, index }), /before a file was synced/],
    [
      'the names of files',
      ({ files, index }) => ({ files: { ...files, syncFolder: async () => {} }, index }),
      /before the name of a file was synced/,
    ],
    [
      'the index',
      ({ files, index }) => ({
        files,
        index: aroundIndex((name, read) => (name === 'flushed' ? Promise.resolve() : read()), index),
      }),
      /answered before the index was synced/,
    ],
    [
      'files after the index',
      ({ files, index }) => ({
        files: { ...files, sync: async (file) => void setImmediate(() => files.sync(file).catch(() => undefined)) },
        index,
      }),
      /the index was written before a file was synced/,
    ],
  ]
  test.each(lying)('too early is seen: a store that syncs %s too late or never', async (_name, above, seen) => {
    const { breaches } = await traced(above)
    expect(breaches).toContainEqual(expect.stringMatching(seen))
  })
})

describe('a full disk', () => {
  /** Files on a disk that is full when told so: it says so, or only its writes fail. */
  function fillable() {
    const disk = { full: false, says: true }
    const files: FileLayer = {
      ...hostFiles,
      free: (path) => (disk.full && disk.says ? Promise.resolve(0) : hostFiles.free(path)),
      append: (file, bytes) =>
        disk.full
          ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
          : hostFiles.append(file, bytes),
    }
    return { disk, files }
  }

  test.each([true, false])('refuses what it cannot keep, and serves on; it says so beforehand: %s', async (says) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { disk, files } = fillable()
    const it = await storage({ files })
    await it.ask('PUT', '/bucket')
    await it.ask('PUT', '/bucket/old', { body: large })
    const begun = await it.ask('POST', '/bucket/parts', { query: 'uploads' })
    const id = /<UploadId>(.*?)<\/UploadId>/.exec(begun.body.toString())?.[1]
    Object.assign(disk, { full: true, says })
    const put = (path: string, query = '') => it.ask('PUT', path, { body: Buffer.concat([part, large]), query })
    for (const answer of [await put('/bucket/new'), await put('/bucket/parts', `partNumber=1&uploadId=${id}`)]) {
      expect([answer.status, answer.body.toString()]).toEqual([500, expect.stringContaining('<Code>InternalError')])
    }
    expect((await it.ask('GET', '/bucket/new')).status).toBe(404)
    expect((await it.ask('GET', '/bucket/old')).body.equals(large)).toBe(true)
    expect(it.files()).toHaveLength(1)
    expect((await it.ask('DELETE', '/bucket/old')).status).toBe(204)
    disk.full = false
    expect((await put('/bucket/new')).status).toBe(200)
    expect((await it.ask('GET', '/bucket/new')).body.length).toBe(part.length + large.length)
  })
})
