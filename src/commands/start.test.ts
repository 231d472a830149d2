import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Emulator } from '../index.ts'
import { readSettings } from '../settings.ts'
import { banner, type StartParts, start } from './start.ts'

const here = { data: `${process.cwd()}/.euca-emu`, host: '127.0.0.1', ephemeral: false, temporary: false }
const publicAddresses = { network: '127.8.42.0/24', standIns: [] }
const clients = 'clients: eval "$(euca-emu env)"'
const images: Parameters<typeof banner>[0]['images'] = [{ id: 'emi-12345678', name: 'tiny-hvm' }]
const emulator = { images, publicAddresses, authority: undefined }

describe('the banner', () => {
  test('names the images, the public addresses and what points clients here', () =>
    expect(banner(emulator, here)).toEqual([
      'image emi-12345678  tiny-hvm',
      'public addresses: 127.8.42.0/24',
      clients,
    ]))

  test('without images says where they come from', () =>
    expect(banner({ ...emulator, images: [] }, here)[0]).toMatch(/^no images yet: "euca-emu fixtures build" /))

  test('of another data folder and of an address beyond this machine says so', () =>
    expect(banner(emulator, { ...here, data: '/my data', host: '0.0.0.0' }).slice(-2)).toEqual([
      `clients: eval "$(euca-emu env --data '/my data')"`,
      'warning: listening on 0.0.0.0, beyond this machine',
    ]))

  test('of Object Storage alone tells of no images and no addresses', () =>
    expect(banner({ ...emulator, images: [], publicAddresses: undefined }, here)).toEqual([
      'Object Storage alone: no images, no instances',
      clients,
    ]))

  test.each([
    [true, 'is removed at the end'],
    [false, 'stays'],
  ])('of what is not synced says what becomes of it, temporary %s', (temporary, end) =>
    expect(banner(emulator, { ...here, ephemeral: true, temporary }, 'euca-emu')).toContain(
      `ephemeral: nothing is synced to disk, a power cut loses what was answered; ${here.data} ${end}`,
    ),
  )

  test('of TLS names the authority', () =>
    expect(banner({ ...emulator, authority: '/it/tls.pem' }, here)).toContain(
      'TLS: clients trust AWS_CA_BUNDLE=/it/tls.pem',
    ))

  test.each(['127.0.0.2', 'localhost', '::1'])('warns of no listening on %s', (host) =>
    expect(banner(emulator, { ...here, host }).at(-1)).toBe(clients),
  )

  test.each([
    ['EACCES', 'no right to listen there'],
    ['EADDRINUSE', 'another program listens on that port of all addresses'],
    ['EADDRNOTAVAIL', 'this host has 127.0.0.1 alone'],
    ['EWHATEVER', 'EWHATEVER'],
  ])('tells of a port that is stood in for: %s', (reason, words) =>
    expect(
      banner({ ...emulator, publicAddresses: { ...publicAddresses, standIns: [{ port: 22, reason }] } }, here),
    ).toContain(`  port 22 is stood in for by a high port of 127.0.0.1 (${words}): euca-emu ssh ID finds it`),
  )
})

test.each([
  ['/it', '/it'],
  ["/it's", "'/it'\\''s'"],
])('the banner names the program as it was started, and quotes the folder %s', (data, word) =>
  expect(banner(emulator, { ...here, data }, 'node dist/src/cli.js').at(-1)).toBe(
    `clients: eval "$(node dist/src/cli.js env --data ${word})"`,
  ),
)

describe('told to stop', () => {
  beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => undefined))
  afterEach(() => void vi.restoreAllMocks())

  /** Starts with an opening that ends when the test lets it, and says what was done to what. */
  function startWith(stopGrace: number) {
    const did: string[] = []
    let open: (() => void) | undefined
    const stop = (hurry?: AbortSignal) =>
      new Promise<void>((resolve) => {
        did.push('stop')
        const ended = () => {
          did.push('hurry')
          resolve()
        }
        if (hurry?.aborted) ended()
        else hurry?.addEventListener('abort', ended)
      })
    const emulator = { url: 'http://x', images, publicAddresses, stop } as unknown as Emulator
    const parts: StartParts = {
      open: () =>
        new Promise((resolve) => {
          open = () => resolve(emulator)
        }),
      end: (name) => did.push(`end by ${name}`),
    }
    const before = process.listenerCount('SIGTERM')
    const done = start({ ...readSettings({}, {}), stopGrace }, parts)
    return { did, done, open: () => open?.(), before }
  }
  const tell = (name: 'SIGINT' | 'SIGTERM') => process.emit(name, name)
  const minute = 60_000

  test('twice while it is opening, it ends at once by the signal', async () => {
    const { did, done, open } = startWith(minute)
    tell('SIGTERM')
    expect(did).toEqual([])
    tell('SIGINT')
    expect(did).toEqual(['end by SIGINT'])
    open()
    await vi.waitFor(() => expect(did).toContain('stop'))
    tell('SIGTERM')
    await done
  })

  test('once while the opening does not return, it ends when the grace has passed', async () => {
    const { did, done, open } = startWith(0)
    tell('SIGTERM')
    await vi.waitFor(() => expect(did).toEqual(['end by SIGTERM']))
    open()
    await vi.waitFor(() => expect(did).toContain('stop'))
    tell('SIGTERM')
    await done
  })

  test('once while it is opening, it stops what has opened; again, at once; then nothing listens any more', async () => {
    const { did, done, open, before } = startWith(minute)
    tell('SIGTERM')
    open()
    await vi.waitFor(() => expect(did).toEqual(['stop']))
    tell('SIGTERM')
    await done
    expect(did).toEqual(['stop', 'hurry'])
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })
})
