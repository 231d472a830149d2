import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Downloading, download } from './download.ts'

const bytes = randomBytes(300_000)
const sha256 = createHash('sha256').update(bytes).digest('hex')

/** How the server answers a request; tests set it. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
let asked: { range: string | undefined; condition: string | undefined }[]
let server: Server
let url: string
let folder: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const condition = request.headers['if-range']
    asked.push({ range: request.headers.range, condition: typeof condition === 'string' ? condition : undefined })
    answer(request, response)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.img`
})
afterAll(() => void server.close())
beforeEach(async () => {
  asked = []
  folder = await mkdtemp(join(tmpdir(), 'download-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A server as it should be: ranges, and an ETag that says whether they are of the same file. */
function good(request: IncomingMessage, response: ServerResponse, { tag = '"one"', most = bytes.length } = {}): void {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
  const start = from !== undefined && request.headers['if-range'] === tag ? Number(from) : 0
  const rest = bytes.subarray(start)
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
  const headers = { etag: tag, 'content-length': rest.length, ...(start > 0 && { 'content-range': range }) }
  response.writeHead(start > 0 ? 206 : 200, headers)
  // What is cut is on its way before the connection breaks.
  if (most < rest.length) response.write(rest.subarray(0, most), () => setImmediate(() => response.destroy()))
  else response.end(rest)
}

const file = (also: object = {}) => ({ location: url, sha256, size: bytes.length, ...also })
const get = (also: object = {}, downloading: Partial<Downloading> = {}) =>
  download(file(also), { folder, onProgress: () => undefined, signal: new AbortController().signal, ...downloading })

test('a file is fetched once, and its progress told', async () => {
  answer = good
  const told: number[] = []
  const path = await get({}, { onProgress: (done) => told.push(done) })
  expect((await readFile(path)).equals(bytes)).toBe(true)
  expect(told.at(-1)).toBe(bytes.length)
  expect(await get()).toBe(path)
  expect(asked).toHaveLength(1)
  expect(await readdir(folder)).toEqual([sha256])
  expect((await stat(path)).mode & 0o777).toBe(0o444)
})

test('a connection that breaks goes on where it broke, of the same file only', async () => {
  answer = (request, response) => good(request, response, { most: 100_000 })
  expect((await readFile(await get())).equals(bytes)).toBe(true)
  expect(asked.length).toBeGreaterThanOrEqual(3)
  expect(asked[0]).toEqual({ range: undefined, condition: undefined })
  for (const { range, condition } of asked.slice(1)) {
    expect(range).toMatch(/^bytes=[1-9]\d*-$/)
    expect(condition).toBe('"one"')
  }
})

test('an interrupted download goes on at the next one', async () => {
  const interruption = new AbortController()
  answer = (request, response) => {
    response.writeHead(200, { etag: '"one"', 'content-length': bytes.length })
    response.write(bytes.subarray(0, 100_000))
    request.on('close', () => undefined)
  }
  const onProgress = (done: number) => {
    if (done === 100_000) interruption.abort(new Error('interrupted'))
  }
  await expect(get({}, { signal: interruption.signal, onProgress })).rejects.toThrow('interrupted')
  expect((await readdir(folder)).sort()).toEqual([`${sha256}.part`, `${sha256}.part.json`])
  answer = good
  expect((await readFile(await get())).equals(bytes)).toBe(true)
  expect(asked.at(-1)?.range).toBe('bytes=100000-')
})

test.each([
  ['has changed', '"two"', '"one"'],
  ['has no strong tag', 'W/"one"', 'W/"one"'],
])('a file that %s is fetched from its start', async (_what, before, after) => {
  await writeFile(join(folder, `${sha256}.part`), Buffer.alloc(5000, 'x'))
  const origin = { location: url, ...(before.startsWith('"') && { tag: before }) }
  await writeFile(join(folder, `${sha256}.part.json`), JSON.stringify(origin))
  answer = (request, response) => good(request, response, { tag: after })
  expect((await readFile(await get())).equals(bytes)).toBe(true)
})

test('half a note of what was fetched counts for nothing', async () => {
  await writeFile(join(folder, `${sha256}.part`), Buffer.alloc(5000, 'x'))
  await writeFile(join(folder, `${sha256}.part.json`), '{"loc')
  answer = good
  expect((await readFile(await get())).equals(bytes)).toBe(true)
  expect(asked).toEqual([{ range: undefined, condition: undefined }])
})

describe('fails, and keeps no wrong bytes', () => {
  const status =
    (code: number, headers = {}, body = '') =>
    (_: IncomingMessage, response: ServerResponse) =>
      void response.writeHead(code, headers).end(body)
  test.each<[string, typeof answer, RegExp]>([
    ['other bytes', status(200, {}, 'x'.repeat(bytes.length)), /has the SHA-256 [0-9a-f]{64}, but the catalog says/],
    [
      'more bytes, without saying so',
      (_, response) => void response.end(Buffer.concat([bytes, bytes])),
      /has \d+ bytes, but|more than the/,
    ],
    ['another length', status(200, { 'content-length': 5 }, 'short'), /has 5 bytes, but the catalog says 300000/],
    ['nothing there', status(404), /answers with status 404/],
    ['a page that asks to log in', status(403, {}, '<html>'), /status 403/],
    ['a connection that brings nothing', (_, response) => response.destroy(), /is not had/],
    [
      'a redirection without end',
      (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end(),
      /is not had/,
    ],
  ])('%s', async (_what, how, why) => {
    answer = how
    await expect(get()).rejects.toThrow(why)
    expect((await readdir(folder)).filter((name) => !name.endsWith('.json'))).toEqual([])
  })

  test('a stream that goes on behind its end', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' })
      response.write(bytes)
      response.end(bytes)
    }
    await expect(get()).rejects.toThrow(/more than the 300000 bytes/)
    expect(await readdir(folder)).toEqual([])
  })

  test('a range of other bytes', async () => {
    await writeFile(join(folder, `${sha256}.part`), bytes.subarray(0, 1000))
    await writeFile(join(folder, `${sha256}.part.json`), JSON.stringify({ location: url, tag: '"one"' }))
    answer = status(206, { 'content-range': 'bytes 0-9/300000' }, '0123456789')
    await expect(get()).rejects.toThrow(/answers with bytes 0-9\/300000, but bytes 1000-299999 of 300000/)
    expect(await readdir(folder)).toEqual([])
  })
})

test('a finished download that was changed since is fetched anew', async () => {
  answer = good
  await writeFile(join(folder, sha256), Buffer.alloc(bytes.length))
  expect((await readFile(await get())).equals(bytes)).toBe(true)
})

test('two at once are told of each other, and a dead one is passed over', async () => {
  answer = good
  await writeFile(join(folder, `${sha256}.lock`), '999999999')
  const [one, other] = await Promise.allSettled([get(), get()])
  const outcomes = [one.status, other.status].sort()
  // The slower one may come when the quicker one is done.
  expect([
    ['fulfilled', 'fulfilled'],
    ['fulfilled', 'rejected'],
  ]).toContainEqual(outcomes)
  await writeFile(join(folder, `${'b'.repeat(64)}.lock`), `${process.pid}`)
  await expect(get({ sha256: 'b'.repeat(64) })).rejects.toThrow(/is at it already/)
})
