import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type QueryClient, queryClient } from './client/ec2.ts'
import { type S3Target, s3Request } from './client/s3.ts'
import { field, list, text } from './client/xml.ts'
import { type Program, qemusWith, startProgram, until } from './program.contract.ts'
import { sha256, signHeaders } from './protocol/signature/sigv4.ts'

/**
 * The power-loss rule: what was acknowledged is there, nothing half-done is visible, no QEMU outlives the emulator, and
 * the guests boot again from their disks. The power goes by kill -9, with guests running, an upload and a launch under way.
 */
let data: string
let running: Program
let ec2: QueryClient
let s3: S3Target

async function connect(): Promise<void> {
  const { accessKeyId, secretAccessKey } = JSON.parse(await readFile(join(data, 'credentials.json'), 'utf8'))
  const who = { accessKeyId, secretAccessKey, region: 'eucalyptus' }
  ec2 = queryClient({ ...who, endpoint: `${running.url}/services/compute`, service: 'ec2', version: '2016-11-15' })
  s3 = { ...who, endpoint: `${running.url}/services/objectstorage` }
}

const put = (path: string, body: Buffer | string = '') => s3Request(s3, { method: 'PUT', path, body })
const run = async (image: string) => {
  const answer = await ec2.call('RunInstances', { ImageId: image, MinCount: 1, MaxCount: 1, InstanceType: 'm1.small' })
  return text(list(answer, 'instancesSet')[0], 'instanceId') ?? ''
}
const describe = async (id: string) => {
  const answer = await ec2.call('DescribeInstances', { InstanceId: [id] })
  const instance = list(list(answer, 'reservationSet')[0], 'instancesSet')[0]
  return { state: text(instance, 'instanceState', 'name'), reason: text(instance, 'reason') }
}
const console = async (id: string) => {
  const { state, reason } = await describe(id)
  if (state === 'terminated') throw new Error(`${id} is terminated: ${reason}`)
  if (state !== 'running') return ''
  const answer = await ec2.call('GetConsoleOutput', { InstanceId: id })
  return Buffer.from(text(answer, 'output') ?? '', 'base64').toString('latin1')
}
const atLogin = (id: string, count: number) =>
  until(`${id} at its login with boot-count=${count}`, async () => {
    const shown = await console(id)
    return shown.includes(`boot-count=${count}`) && shown.includes('login:') ? shown : undefined
  })

/** Begins an upload of a mebibyte and sends half of it: it stays under way. */
async function beginUpload(path: string): Promise<void> {
  const { hostname, port, host, pathname } = new URL(s3.endpoint)
  const body = Buffer.alloc(2 ** 20, 'x')
  const unsigned = {
    method: 'PUT',
    rawPath: pathname + path,
    rawQuery: '',
    headers: [['host', host]] as [string, string][],
  }
  const signer = { ...s3, service: 's3', time: new Date() }
  const { headers } = signHeaders({ ...unsigned, payloadHash: sha256(body) }, signer)
  const outgoing = request({ method: 'PUT', hostname, port, path: pathname + path })
  for (const [name, value] of headers) outgoing.setHeader(name, value)
  outgoing.setHeader('content-length', body.length)
  outgoing.on('error', () => undefined)
  await new Promise<void>((sent) => outgoing.write(body.subarray(0, body.length / 2), () => sent()))
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'euca-emu-power-'))
  running = await startProgram(data)
  await connect()
})

afterAll(async () => {
  running?.signal('SIGKILL')
  await running?.exited
  await rm(data, { recursive: true, force: true })
})

test('kill -9 loses nothing that was acknowledged and leaves nothing half-done', async () => {
  const images = list(await ec2.call('DescribeImages'), 'imagesSet')
  const image = (name: string) =>
    text(
      images.find((one) => text(one, 'name') === name),
      'imageId',
    ) ?? ''
  expect(image('tiny-hvm')).toMatch(/^emi-/)
  const up = [await run(image('tiny-hvm')), await run(image('tiny-paravirtual'))]
  for (const id of up) await atLogin(id, 1)
  expect(await qemusWith(data)).toHaveLength(2)

  expect((await put('/kept')).status).toBe(200)
  const objects = Array.from(
    { length: 20 },
    (_, index) => [`/kept/object-${index}`, Buffer.alloc(index * 9_000, index)] as const,
  )
  for (const [path, body] of objects) expect((await put(path, body)).status).toBe(200)
  await ec2.call('CreateKeyPair', { KeyName: 'kept' })
  await beginUpload('/kept/half')
  const launching = await run(image('tiny-hvm'))
  running.signal('SIGKILL')
  expect(await running.exited).toBe('SIGKILL')

  await until('the end of every QEMU', async () => ((await qemusWith(data)).length === 0 ? true : undefined), 5)
  running = await startProgram(data)
  await connect()

  for (const [path, body] of objects) {
    const found = await s3Request(s3, { method: 'GET', path })
    expect([path, found.status, found.body.equals(body)]).toEqual([path, 200, true])
  }
  expect((await s3Request(s3, { method: 'HEAD', path: '/kept/half' })).status).toBe(404)
  const pairs = list(await ec2.call('DescribeKeyPairs'), 'keySet').map((pair) => text(pair, 'keyName'))
  expect(pairs).toEqual(['kept'])
  for (const id of up) await atLogin(id, 2)
  await atLogin(launching, 1)
  expect(await qemusWith(data)).toHaveLength(3)

  await ec2.call('TerminateInstances', { InstanceId: [...up, launching] })
  for (const id of [...up, launching]) {
    await until(`${id} terminated`, async () => ((await describe(id)).state === 'terminated' ? true : undefined))
  }
  expect(await readdir(join(data, 'machines'))).toEqual([])
  expect(await qemusWith(data)).toEqual([])
  const answer = field(await ec2.call('DescribeInstances'), 'reservationSet')
  expect(JSON.stringify(answer)).toContain('User terminated.')
})

test('a stop presses the power buttons, and the next start boots the guests again', async () => {
  const images = list(await ec2.call('DescribeImages'), 'imagesSet')
  const id = await run(
    text(
      images.find((one) => text(one, 'name') === 'tiny-paravirtual'),
      'imageId',
    ) ?? '',
  )
  await atLogin(id, 1)
  running.signal('SIGINT')
  expect(await running.exited).toBe(0)
  expect(await qemusWith(data)).toEqual([])
  expect(running.output()).toContain('stopped')
  running = await startProgram(data)
  await connect()
  await atLogin(id, 2)
  running.signal('SIGTERM')
  await until('the announcement of the stop', async () => (running.output().includes('stopping') ? true : undefined))
  running.signal('SIGTERM')
  expect(await running.exited).toBe(0)
  expect(await qemusWith(data)).toEqual([])
})
