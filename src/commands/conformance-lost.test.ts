import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { list, text } from '../client/xml.ts'
import { readSettings } from '../settings.ts'
import { bundleCloud, never } from './bundle-cloud.harness.ts'
import { conformance } from './conformance.ts'
import { placeOf } from './conformance-place.ts'
import { journalFolder } from './conformance-sweep.ts'

const { cloud, rc, emulator, folder } = await bundleCloud()
const settings = () => readSettings({}, {})
let said: string[]

beforeEach(() => {
  vi.stubEnv('EUCA_EMU_CACHE', folder())
  said = []
  for (const name of ['log', 'error'] as const) {
    vi.spyOn(console, name).mockImplementation((line) => void said.push(String(line)))
  }
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})

/** What the emulator answers, by a way on which the answers to some requests are lost. */
async function lossy(isLost: (asked: IncomingMessage, body: string) => boolean): Promise<string> {
  const proxy = createServer(async (asked, response) => {
    const { hostname: host, port } = new URL(emulator.url)
    const { method, url: path, headers } = asked
    const body = await buffer(asked)
    const outgoing = request({ host, port, method, path, headers, setHost: false }).end(body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    const content = await buffer(answer)
    if (isLost(asked, body.toString())) asked.socket.destroy()
    else response.writeHead(answer.statusCode ?? 0, answer.rawHeaders).end(content)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

/** A target file of the emulator, with the service endpoints behind that way. */
async function targetFile(way: string): Promise<string> {
  const place = await placeOf({ eucarc: join(rc, 'eucarc') }, settings, {})
  const target = await place?.open()
  const path = join(folder(), 'target.json')
  const endpoints = Object.entries(target?.endpoints ?? {}).map(([name, url]) => [
    name,
    url.replace(new URL(url).origin, new URL(way).origin),
  ])
  writeFileSync(path, JSON.stringify({ ...target, endpoints: Object.fromEntries(endpoints) }))
  return path
}

test.each<[string, string, (asked: IncomingMessage, body: string) => boolean, RegExp]>([
  [
    'a bucket',
    'object-storage/object-is-kept',
    ({ method, url = '' }) => method === 'PUT' && /\/conformance-[^/]*\/?$/.test(url),
    /^removed bucket conformance-/,
  ],
  ['a volume', 'volumes/', (_, body) => body.includes('Action=CreateVolume'), /^removed volume vol-/],
  ['an address', 'addresses/allocated', (_, body) => body.includes('Action=AllocateAddress'), /^removed address /],
])('%s that was made although nobody heard of it is removed with the run', async (_, id, isLost, removed) => {
  const target = await targetFile(await lossy(isLost))
  const json = join(folder(), 'report.json')
  expect(await conformance([id], { target, parallel: 2, boots: 1, json }, settings, never)).toBe(false)
  expect(said).toContainEqual(expect.stringMatching(removed))
  expect(said.at(-1)).toMatch(/ removed, 0 left$/)
  const told = said.filter((line) => line.startsWith('removed ')).map((line) => line.slice('removed '.length))
  expect(JSON.parse(readFileSync(json, 'utf8')).sweep).toEqual({ removed: told, left: [] })
  expect(readdirSync(journalFolder())).toEqual([])
  const buckets = said.flatMap((line) => /^removed bucket (\S+)/.exec(line)?.[1] ?? [])
  for (const bucket of buckets) expect(await cloud.objects().bucketExists(bucket)).toBe(false)
  const { ec2 } = cloud
  expect(list(await ec2.call('DescribeAddresses'), 'addressesSet')).toEqual([])
  const volumes = list(await ec2.call('DescribeVolumes'), 'volumeSet').map((volume) => text(volume, 'status'))
  expect(volumes.filter((status) => !/^delet/.test(status ?? ''))).toEqual([])
})

test('a run of which nobody reads the output ends as by Ctrl-C, and leaves nothing behind', async () => {
  const target = await targetFile(emulator.url)
  let lines = 0
  vi.spyOn(process.stdout, 'write').mockImplementation(() => {
    lines += 1
    process.stdout.emit('error', new Error('write EPIPE'))
    return false
  })
  const run = conformance(['zones/', 'key-pairs/'], { target, parallel: 1, boots: 1 }, settings, never)
  await expect(run).rejects.toThrow('nobody reads the output: write EPIPE')
  expect(lines).toBeGreaterThan(0)
  expect(readdirSync(journalFolder())).toEqual([])
})
