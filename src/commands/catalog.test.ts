import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { list, text } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import { ec2Of, installImage, offersText } from './catalog.ts'
import { allOffers, offerOf } from './catalog-offers.ts'
import { tryImage } from './catalog-try.ts'
import { readDataFolder } from './data-folder.ts'

const work = mkdtempSync(join(tmpdir(), 'catalog-'))
const emulator = await startEmulator({
  ...{ catalog: false, data: join(work, 'data'), port: 0 },
  hypervisor: fakeHypervisor(),
})
const folder = await readDataFolder(join(work, 'data'))
/** Serves the work folder, on the loopback. */
const served: string[] = []
const server = createServer((request, response) => {
  served.push(request.url ?? '')
  const bytes = files[basename(request.url ?? '')]
  response.writeHead(bytes ? 200 : 404, { etag: '"x"' }).end(bytes)
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(async () => {
  server.close()
  await emulator.stop()
  rmSync(work, { recursive: true })
})

beforeEach(() => {
  vi.stubEnv('EUCA_EMU_CACHE', join(work, 'cache'))
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const { signal } = new AbortController()
const files: Record<string, Buffer> = {}
/** A file of the work folder, which is served too, as a catalog has it. */
function offered(name: string, bytes: Buffer = randomBytes(9000), location = name) {
  files[name] = bytes
  writeFileSync(join(work, name), bytes)
  return { location, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
}
/** Writes a catalog, and gives its path and its URL. */
function catalog(name: string, ...images: object[]) {
  const bytes = Buffer.from(JSON.stringify({ images }))
  offered(name, bytes)
  return { path: join(work, name), url: `${url}/${name}` }
}
const disk = (name: string, file = offered(`${name}.gz`, gzipSync(randomBytes(9000)))) => ({
  ...{ name, virtualization: 'hvm', login: 'me' },
  files: { disk: file },
})
const images = async () => list(await ec2Of(folder).call('DescribeImages', {}), 'imagesSet')
const offersIn = async (...catalogs: string[]) =>
  (await allOffers(catalogs, signal)).filter((one) => one.catalog !== undefined)

describe('what is on offer', () => {
  test('are the starter images, which are to be built, and those of all catalogs', async () => {
    const { path, url } = catalog('list.json', disk('mine'))
    const other = catalog('other.json', disk('theirs'))
    const offers = await allOffers([path, other.url], signal)
    expect(offers.map(({ name, isAtHand }) => [name, isAtHand])).toEqual([
      ['tiny-hvm', false],
      ['tiny-paravirtual', false],
      ['debian-12-hvm', false],
      ['debian-12-paravirtual', false],
      ['mine', true],
      ['theirs', false],
    ])
    const rows = offersText(offers, false).split('\n')
    expect(rows[1]).toMatch(/^tiny-hvm +hvm +root +- +to be built +A small Linux/)
    expect(rows[6]).toMatch(/^theirs +hvm +me +9 KiB +to be fetched$/)
    expect(JSON.parse(offersText(offers, true))[4]).toMatchObject({ name: 'mine', login: 'me', catalog: path })
    await expect(allOffers([path, url], signal)).rejects.toThrow(/list.json offers mine, which is offered already/)
    expect(() => offerOf(offers, 'nothing')).toThrow(/no catalog offers nothing, but tiny-hvm, tiny-para/)
  })

  test.each([
    ['a path that is not there', () => join(work, 'none.json'), /none\.json/],
    ['a URL that is not there', () => `${url}/none.json`, /is not had: status 404/],
    ['a host that is not there', () => 'http://127.0.0.1:1/x.json', /is not had/],
    ['what is no catalog', () => catalog('bad.json', { name: 'x' }).url, /"name" is "x"/],
    ['what is too long', () => `${url}/${offered('long.json', Buffer.alloc(5 * 2 ** 20, ' ')).location}`, /no catalog/],
  ])('%s is told', async (_what, where, why) => expect(allOffers([where()], signal)).rejects.toThrow(why))
})

describe('installing', () => {
  test('fetches, checks, registers and shares an image; a second time it is there', async () => {
    const [offer] = await offersIn(catalog('a.json', disk('fetched')).url)
    if (!offer) throw new Error('nothing is offered')
    const { id, wasThere } = await installImage(folder, offer, signal)
    expect([wasThere, served.filter((one) => one.endsWith('fetched.gz')).length]).toEqual([false, 1])
    const found = (await images()).find((one) => text(one, 'imageId') === id)
    expect(found).toMatchObject({ name: 'fetched', isPublic: 'true', virtualizationType: 'hvm' })
    expect(await installImage(folder, offer, signal)).toEqual({ id, name: 'fetched', wasThere: true })
    const [again] = await offersIn(
      catalog('a.json', disk('fetched', { ...offered('fetched.gz', files['fetched.gz']) })).url,
    )
    expect(again?.isAtHand).toBe(true)
  })

  test('registers a paravirtual one with the kernel and the ramdisk that are its own', async () => {
    const trio = { kernel: offered('vmlinuz'), ramdisk: offered('initrd'), root: offered('root') }
    const { path } = catalog('pv.json', { name: 'trio', virtualization: 'paravirtual', files: trio })
    const [offer] = await offersIn(path)
    if (!offer) throw new Error('nothing is offered')
    const { id } = await installImage(folder, offer, signal)
    const found = (await images()).filter((one) => text(one, 'name')?.startsWith('trio'))
    const ids = Object.fromEntries(found.map((one) => [text(one, 'name'), text(one, 'imageId')]))
    expect(found.map((one) => text(one, 'isPublic'))).toEqual(['true', 'true', 'true'])
    expect(found.find((one) => text(one, 'imageId') === id)).toMatchObject({
      kernelId: ids['trio-kernel'],
      ramdiskId: ids['trio-ramdisk'],
    })
  })

  test.each([
    [
      'other bytes at a path',
      (file: object) => ({ ...file, sha256: 'a'.repeat(64) }),
      false,
      /wrong.img has the SHA-256 [0-9a-f]{64}, but the catalog says a{64}/,
    ],
    [
      'another size at a path',
      (file: object) => ({ ...file, size: 3 }),
      false,
      /wrong.img has \d+ bytes, but the catalog says 3/,
    ],
    [
      'other bytes at a URL',
      (file: object) => ({ ...file, sha256: 'a'.repeat(64) }),
      true,
      /but the catalog says a{64}/,
    ],
  ])('refuses %s, and registers nothing', async (_what, change, isFetched, why) => {
    const before = (await images()).length
    const made = catalog('wrong.json', disk('wrong', change(offered('wrong.img')) as ReturnType<typeof offered>))
    const [offer] = await offersIn(isFetched ? made.url : made.path)
    if (!offer) throw new Error('nothing is offered')
    await expect(installImage(folder, offer, signal)).rejects.toThrow(why)
    expect((await images()).length).toBe(before)
  })
})

describe('a trial', () => {
  const node = { ok: true, accelerator: 'none', finding: 'a fake' }
  const settings = { accelerator: 'auto', memory: 4096 } as const
  const start: typeof startEmulator = (options) => startEmulator({ ...options, hypervisor: fakeHypervisor() })

  test('of an image that does not say on its console what it should ends with the reason', async () => {
    const [offer] = await offersIn(catalog('try.json', { ...disk('silent'), bootLine: 'hello' }).path)
    if (!offer) throw new Error('nothing is offered')
    const parts = { start, describe: async () => node, patience: 1 }
    expect(await tryImage(offer, settings, signal, parts)).toMatchObject({
      ...{ name: 'silent', virtualization: 'hvm', login: 'me', accelerator: 'none', node: 'a fake' },
      ...{ booted: false, loggedIn: false, why: '"hello" on the console: not within 1 s' },
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    })
  })

  test('is none where nothing can boot', async () => {
    const [offer] = await offersIn(catalog('try.json', disk('silent')).path)
    if (!offer) throw new Error('nothing is offered')
    const describe = async () => ({ ok: false, finding: 'QEMU is not installed' })
    await expect(tryImage(offer, settings, signal, { start, describe, patience: 1 })).rejects.toThrow(/not installed/)
  })
})
