import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import jpeg from 'jpeg-js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type QueryClient, queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { showConsole } from './console.ts'
import { adminCall, type DataFolder, readDataFolder } from './data-folder.ts'

let work: string
let emulator: Emulator
let folder: DataFolder
let ec2: QueryClient
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'console-'))
  emulator = await startEmulator({ data: join(work, 'data'), port: 0 })
  folder = await readDataFolder(join(work, 'data'))
  const endpoint = `${emulator.url}/services/compute`
  ec2 = queryClient({ ...folder, endpoint, service: 'ec2', version: '2016-11-15' })
})
afterAll(async () => {
  await emulator.stop(AbortSignal.abort())
  await rm(work, { recursive: true })
})

async function launch(name: string): Promise<string> {
  const ImageId = emulator.images.find((image) => image.name === name)?.id ?? ''
  const [instance = ''] = list(await ec2.call('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 }), 'instancesSet')
  return text(instance, 'instanceId') ?? ''
}

/** A terminal on the console of an instance, and what it shows. */
function sitDown(instance: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let screen = ''
  const output = Object.assign(new PassThrough(), { isTTY: true }).on('data', (bytes) => {
    screen += bytes
  })
  const streams = { input: input as unknown as NodeJS.ReadStream, output, notes: new PassThrough().resume() }
  const signal = new AbortController().signal
  const shown = showConsole(folder, { instance, follow: true, signal }, streams)
  const shows = (what: string) => vi.waitFor(() => expect(screen).toContain(what), { timeout: 200_000, interval: 100 })
  return { shown, shows, type: (keys: string) => input.write(keys) }
}

async function screenshot(InstanceId: string) {
  const answer = await ec2.call('GetConsoleScreenshot', { InstanceId })
  const { width, height, data } = jpeg.decode(Buffer.from(text(answer, 'imageData') ?? '', 'base64'))
  return { width, height, bright: data.filter((value, at) => at % 4 < 3 && value > 100).length }
}

/** The first line of a VNC server. */
async function greeting(socket: string): Promise<string> {
  const connection = connect(socket)
  const [bytes] = await once(connection, 'data')
  connection.destroy()
  return String(bytes)
}

test('an HVM guest is typed to over its serial port, and has a screen', async () => {
  const id = await launch('tiny-hvm')
  const terminal = sitDown(id)
  await terminal.shows('login: ')
  expect(await screenshot(id)).toMatchObject({ width: expect.any(Number), bright: expect.any(Number) })
  expect((await screenshot(id)).bright).toBeGreaterThan(100)
  const { vnc } = await adminCall<{ vnc: string }>(folder, `instances/${id}`)
  expect(await greeting(vnc)).toMatch(/^RFB 003/)
  expect((await stat(dirname(vnc))).mode & 0o777).toBe(0o700)
  terminal.type('root\r')
  await terminal.shows('# ')
  terminal.type('echo answer-$((6 * 7))\r')
  await terminal.shows('answer-42')
  terminal.type('poweroff\r')
  await terminal.shown
  expect(await adminCall(folder, `instances/${id}`)).toMatchObject({ state: 'terminated' })
})

test('a paravirtual guest has no screen: its console is drawn, and Ctrl-] leaves it running', async () => {
  const id = await launch('tiny-paravirtual')
  const terminal = sitDown(id)
  await terminal.shows('login: ')
  expect(await screenshot(id)).toMatchObject({ width: 640, height: 325 })
  expect((await screenshot(id)).bright).toBeGreaterThan(1000)
  expect(await adminCall(folder, `instances/${id}`)).not.toHaveProperty('vnc')
  terminal.type('\u001d')
  await terminal.shown
  expect(await adminCall(folder, `instances/${id}`)).toMatchObject({ state: 'running' })
})
