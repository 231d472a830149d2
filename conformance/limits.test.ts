import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, onTestFinished, test } from 'vitest'
import { defineCase } from './case.ts'
import { clientsOf, network, type Wire } from './clients.ts'
import { GivenUp, largestAnswer, limited, limitOf, within } from './limits.ts'
import { createRecorder } from './reports/recorder.ts'
import { runCase } from './run.ts'
import type { Target } from './target.ts'

const url = 'http://127.0.0.1:9'
/** So slow a cloud is this that nothing takes longer than some milliseconds. */
const target: Target = {
  ...{ name: 'nowhere', fidelity: 'aws', region: 'here', zone: 'a', endpoints: { ec2: url, s3: url, sts: url } },
  administrator: { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: 'secret' },
  ...{ capabilities: ['s3'], instanceType: { name: 't', diskGiB: 1 }, timeScale: 1e-4 },
}
const fields = { title: 'one', level: 'MUST', covers: [], needs: ['s3'], source: 'this test', seconds: 0 } as const
const never = () => new Promise<never>(() => undefined)
const answer = { status: 200, headers: {}, body: Buffer.from('<IsTruncated>true</IsTruncated>') }

test('a case that has no end is given up, with what clears up after it, and sends nothing any more', async () => {
  let sent = 0
  let ended: unknown
  const send: Wire['send'] = async () => {
    sent += 1
    await new Promise((resolve) => setImmediate(resolve))
    return answer
  }
  const wire = { send, transport: { request: never }, fetch } as unknown as Wire
  const endless = defineCase({
    ...fields,
    id: 'area/endless',
    async run({ administrator, later }) {
      later('all that is listed', never)
      for (;;)
        await administrator.s3({ method: 'GET', path: '/' }).catch((error) => {
          ended = error
          throw error
        })
    },
  })
  const result = await runCase(endless, target, { watch: () => ({ wire }) })
  expect(result).toMatchObject({
    verdict: 'failed',
    reason: expect.stringMatching(/^the case did not end within \d+ seconds$/),
    leaked: [expect.stringMatching(/^all that is listed: the clean-up did not end within/)],
  })
  await expect.poll(() => ended).toBeInstanceOf(GivenUp)
  const before = sent
  await new Promise((resolve) => setImmediate(resolve))
  expect([before > 0, sent]).toEqual([true, before])
})

test('work that ends in time is what it is', async () => {
  expect(await within(10, 'it', Promise.resolve(1), () => 2)).toBe(1)
  await expect(within(10, 'it', Promise.reject(new Error('no')), () => 2)).rejects.toThrow('no')
  expect(await within(0.001, 'it', never(), ({ message }) => message)).toBe('it did not end within 1 seconds')
  expect(limitOf({ seconds: 10 }, { timeScale: 4 })).toBe(1600)
})

/** A cloud that answers so; gives its endpoint, and ends with the test. */
async function cloud(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The three ways in which requests go out, as ways to make a bucket. */
function waysTo(endpoint: string, seconds: number, carrier: Wire = network) {
  const lost: string[] = []
  const { wire, ...line } = limited(carrier, { seconds, onLost: (request) => void lost.push(request) })
  const { s3, minio, ec2 } = clientsOf(
    { ...target, endpoints: { ...target.endpoints, s3: endpoint, ec2: endpoint } },
    target.administrator,
    {
      wire,
    },
  )
  const put = [
    () => s3({ method: 'PUT', path: '/bucket' }),
    () => minio.makeBucket('bucket'),
    async () => (await wire.fetch(`${endpoint}/bucket?Signature=secret`, { method: 'PUT' })).text(),
  ]
  const get = [
    () => s3({ method: 'GET', path: '/bucket' }),
    async () => (await wire.fetch(`${endpoint}/bucket`)).text(),
  ]
  const read = [...get, async () => (await (await minio.getObject('bucket', 'key')).toArray()).join('')]
  return { put, get, read, describe: () => ec2.call('DescribeImages'), lost, ...line }
}

test.each<[string, RequestListener]>([
  ['says nothing', () => undefined],
  ['never ends its answer', (_, response) => void response.writeHead(200, { 'content-length': '1000' }).write('<a>')],
])('a cloud that %s is given up, and what it was asked to make counts as made', async (_, answer) => {
  const endpoint = await cloud(answer)
  const { put, get, lost } = waysTo(endpoint, 0.1)
  for (const ask of [...put, ...get]) await expect(ask()).rejects.toThrow()
  expect(lost).toEqual(put.map(() => expect.stringMatching(/^PUT \S*\/bucket$/)))
})

test('of what broke off or is a 5xx nobody knows what it has made; a refusal has made nothing', async () => {
  const statuses = { 500: true, 501: false, 403: false, 200: false }
  for (const [status, isLost] of Object.entries(statuses)) {
    const { put, lost } = waysTo(await cloud((_, response) => void response.writeHead(Number(status)).end()), 60)
    for (const ask of put) await ask().catch(() => undefined)
    expect([status, lost.length]).toEqual([status, isLost ? put.length : 0])
  }
  const broken = waysTo(await cloud(({ socket }) => socket.destroy()), 60)
  for (const ask of [...broken.put, ...broken.get]) await expect(ask()).rejects.toThrow()
  expect(broken.lost).toHaveLength(broken.put.length)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const nowhere = waysTo(`http://127.0.0.1:${port}`, 60)
  for (const ask of nowhere.put) await expect(ask()).rejects.toThrow()
  expect(nowhere.lost).toEqual([])
})

test('a line that is shut breaks off what is under way, and lets nothing out until it is open again', async () => {
  let asked = 0
  const { put, shut, open } = waysTo(await cloud(() => (asked += 1)), 60)
  const underWay = put.map((ask) => ask().catch((error) => error))
  await expect.poll(() => asked).toBe(put.length)
  shut()
  for (const one of await Promise.all(underWay)) expect(one).toBeInstanceOf(Error)
  for (const ask of put) await expect(ask()).rejects.toThrow('the case was given up')
  expect(asked).toBe(put.length)
  open()
  const again = put.map((ask) => ask().catch(() => undefined))
  await expect.poll(() => asked).toBe(2 * put.length)
  shut()
  await Promise.all(again)
})

/** Answers with so many MiB, of which nobody is told before. */
const body =
  (pieces: number): RequestListener =>
  (_, response) => {
    const piece = Buffer.alloc(2 ** 20)
    const all = function* () {
      for (let sent = 0; sent < pieces; sent += 1) yield piece
    }
    // Whoever breaks it off is what the test is about.
    pipeline(Readable.from(all()), response).catch(() => undefined)
  }

test.each<[string, () => Wire]>([
  ['as they come', () => network],
  ['on record', () => createRecorder().wire],
])('answers without an end are broken off, whoever reads them: %s', async (_, carrier) => {
  const endless = waysTo(await cloud(body(Infinity)), 600, carrier())
  for (const ask of endless.read) await expect(ask()).rejects.toThrow(`has more than ${largestAnswer} bytes`)
  await expect(endless.describe()).rejects.toThrow(/the answer to POST http:\S+\/ has more than 16777216 bytes/)
})

test('the largest answer of a case is read whole, by every reader', async () => {
  const { read } = waysTo(await cloud(body(12)), 600)
  for (const ask of read) {
    const got = await ask()
    expect(typeof got === 'string' ? got.length : got.body.length).toBe(12 * 2 ** 20)
  }
})
