import { describe, expect, test } from 'vitest'
import { banner } from './start.ts'

const here = { data: `${process.cwd()}/.euca-emu`, host: '127.0.0.1' }
const publicAddresses = { network: '127.8.42.0/24', standIns: [] }
const clients = 'clients: eval "$(euca-emu env)"'
const images: Parameters<typeof banner>[0]['images'] = [{ id: 'emi-12345678', name: 'tiny-hvm' }]

describe('the banner', () => {
  test('names the images, the public addresses and what points clients here', () =>
    expect(banner({ images, publicAddresses }, here)).toEqual([
      'image emi-12345678  tiny-hvm',
      'public addresses: 127.8.42.0/24',
      clients,
    ]))

  test('without images says where they come from', () =>
    expect(banner({ images: [], publicAddresses }, here)[0]).toMatch(/^no images yet: "euca-emu fixtures build" /))

  test('of another data folder and of an address beyond this machine says so', () =>
    expect(banner({ images, publicAddresses }, { data: '/my data', host: '0.0.0.0' }).slice(-2)).toEqual([
      `clients: eval "$(euca-emu env --data '/my data')"`,
      'warning: listening on 0.0.0.0, beyond this machine',
    ]))

  test.each(['127.0.0.2', 'localhost', '::1'])('warns of no listening on %s', (host) =>
    expect(banner({ images, publicAddresses }, { ...here, host }).at(-1)).toBe(clients),
  )

  test.each([
    ['EACCES', 'no right to listen there'],
    ['EADDRINUSE', 'another program listens on that port of all addresses'],
    ['EADDRNOTAVAIL', 'this host has 127.0.0.1 alone'],
    ['EWHATEVER', 'EWHATEVER'],
  ])('tells of a port that is stood in for: %s', (reason, words) =>
    expect(
      banner({ images, publicAddresses: { ...publicAddresses, standIns: [{ port: 22, reason }] } }, here),
    ).toContain(`  port 22 is stood in for by a high port of 127.0.0.1 (${words}): euca-emu ssh ID finds it`),
  )
})
