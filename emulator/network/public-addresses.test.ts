import { once } from 'node:events'
import { type AddressInfo, createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { openAddressPool } from './address-pool.ts'
import type { Listening } from './listeners.ts'
import { createPublicAddresses, type Dial, type PublicAddresses } from './public-addresses.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listening(handler: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return { server, port: (server.address() as AddressInfo).port }
}

function published(dial: Dial): PublicAddresses {
  const addresses = createPublicAddresses(dial)
  cleanups.push(() => addresses.close())
  return addresses
}

function client({ boundAddress, boundPort }: Listening): Socket {
  const socket = netConnect({ host: boundAddress, port: boundPort, allowHalfOpen: true })
  cleanups.push(() => socket.destroy())
  return socket
}

/** How a connection ended: the code of its error, or nothing. */
async function ending(socket: Socket): Promise<string> {
  const errors: (string | undefined)[] = []
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
  socket.resume()
  if (!socket.closed) await once(socket, 'close').catch(() => once(socket, 'close'))
  return errors.join()
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Dials a server of the test instead of an instance; `asked` is what was asked for. */
function dialling(port: number) {
  const asked: unknown[][] = []
  const dial: Dial = async (instanceId, tcpPort, { from }) => {
    asked.push([instanceId, tcpPort, from])
    const socket = netConnect({ host: '127.0.0.1', port, allowHalfOpen: true })
    await once(socket, 'connect')
    return socket
  }
  return { dial, asked }
}

describe('a published port', () => {
  test('carries both directions, and each ends by itself', async () => {
    const guest = await listening((socket) => {
      let question = ''
      socket.on('data', (chunk) => {
        question += chunk
      })
      socket.on('end', () => socket.end(`you said ${question}`))
    })
    const { dial, asked } = dialling(guest.port)
    const port = await freePort()
    const [at] = await published(dial).publish('i-1', '127.0.0.1', [port])
    expect(at).toEqual({ address: '127.0.0.1', port, boundAddress: '127.0.0.1', boundPort: port, reason: undefined })
    const socket = client(at!)
    socket.end('hello')
    expect(await text(socket)).toBe('you said hello')
    expect(asked).toEqual([['i-1', port, '127.0.0.1']])
  })

  test('resets whom the instance refuses', async () => {
    const [at] = await published(async () => {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    }).publish('i-1', '127.0.0.1', [await freePort()])
    expect(await ending(client(at!))).toBe('ECONNRESET')
  })

  test('resets whom the instance has left before anything was carried', async () => {
    const gone = new Duplex({ read: () => undefined })
    gone.on('error', () => undefined).destroy(new Error('gone'))
    await new Promise((resolve) => gone.once('close', resolve))
    const [at] = await published(async () => gone).publish('i-1', '127.0.0.1', [await freePort()])
    expect(await ending(client(at!))).toBe('ECONNRESET')
  })

  test('resets the client when the instance breaks off, and the other way round', async () => {
    const guests: Socket[] = []
    const guest = await listening((socket) => guests.push(socket.on('error', () => undefined)))
    const [at] = await published(dialling(guest.port).dial).publish('i-1', '127.0.0.1', [await freePort()])
    const first = client(at!)
    await once(guest.server, 'connection')
    guests[0]?.resetAndDestroy()
    expect(await ending(first)).toBe('ECONNRESET')
    const second = client(at!)
    await once(guest.server, 'connection')
    second.resetAndDestroy()
    expect(await ending(guests[1]!)).toBe('ECONNRESET')
  })

  test('closes with its connections when it is no longer asked for; others stay', async () => {
    const guest = await listening((socket) => socket.on('error', () => undefined).pipe(socket))
    const addresses = published(dialling(guest.port).dial)
    const [kept, gone] = [await freePort(), await freePort()]
    await addresses.publish('i-1', '127.0.0.1', [kept, gone])
    const find = (port: number) => addresses.listening().find((at) => at.port === port)!
    const [stays, ends, goneAt] = [client(find(kept)), client(find(gone)), find(gone)]
    await Promise.all([stays, ends].map((socket) => socket.write('x') && once(socket, 'data')))
    await addresses.publish('i-1', '127.0.0.1', [kept])
    expect(await ending(ends)).toBe('ECONNRESET')
    expect(addresses.listening().map(({ port }) => port)).toEqual([kept])
    expect(await ending(client(goneAt))).toBe('ECONNREFUSED')
    stays.write('y')
    expect(`${(await once(stays, 'data'))[0]}`).toBe('y')
    await addresses.withdraw('127.0.0.1')
    expect(await ending(stays)).toBe('ECONNRESET')
    expect(addresses.listening()).toEqual([])
  })

  test('is taken over by the instance that has its address next', async () => {
    const { dial, asked } = dialling((await listening((socket) => socket.end())).port)
    const addresses = published(dial)
    const port = await freePort()
    await addresses.publish('i-1', '127.0.0.1', [port])
    const [at] = await addresses.publish('i-2', '127.0.0.1', [port])
    client(at!).end()
    for (const deadline = performance.now() + 10_000; asked.length === 0 && performance.now() < deadline; ) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(asked[0]?.[0]).toBe('i-2')
  })

  test('has a stand-in where it is in use, the same each time, and says so', async () => {
    const taken = await listening((socket) => socket.end('not the instance'))
    const { dial } = dialling((await listening((socket) => socket.end('the instance'))).port)
    const seen: number[] = []
    for (const addresses of [published(dial), published(dial)]) {
      const [at] = await addresses.publish('i-1', '127.0.0.1', [taken.port])
      expect(at).toMatchObject({ port: taken.port, boundAddress: '127.0.0.1', reason: 'EADDRINUSE' })
      expect(at?.boundPort).toBeGreaterThanOrEqual(20_000)
      const socket = client(at!)
      socket.end()
      expect(await text(socket)).toBe('the instance')
      seen.push(at?.boundPort ?? 0)
      await addresses.close()
    }
    expect(seen[1]).toBe(seen[0])
  })

  test('is never one of an address that others can reach', async () => {
    const addresses = published(async () => Duplex.from(''))
    await expect(addresses.publish('i-1', '0.0.0.0', [8080])).rejects.toThrow('no loopback address')
    await addresses.close()
    await expect(addresses.publish('i-1', '127.0.0.1', [8080])).rejects.toThrow('closed')
  })
})

describe('the pool of an emulator', () => {
  test('gives each owner one address, the wanted one when it is free, and takes it back', async () => {
    const pool = await openAddressPool('/some/folder')
    cleanups.push(() => pool.close())
    const net = pool.network.replace('.0/24', '')
    expect([pool.addresses.length, pool.addresses[0], pool.addresses.at(-1)]).toEqual([253, `${net}.2`, `${net}.254`])
    expect([pool.assign('i-1'), pool.assign('i-1'), pool.assign('i-2')]).toEqual([`${net}.2`, `${net}.2`, `${net}.3`])
    expect(pool.assign('i-3', `${net}.77`)).toBe(`${net}.77`)
    expect(pool.assign('i-4', `${net}.77`)).toBe(`${net}.4`)
    expect(pool.assign('i-5', '127.0.0.1')).toBe(`${net}.5`)
    pool.release('i-1')
    pool.release('i-1')
    expect([pool.addressOf('i-1'), pool.assign('i-6')]).toEqual([undefined, `${net}.2`])
    for (let index = 6; index < 254; index += 1) pool.assign(`more-${index}`)
    expect(() => pool.assign('one-too-many')).toThrow('all 253 public addresses')
  })

  test('is another one for a second emulator, and the same for the next of the same folder', async () => {
    const first = await openAddressPool('/some/folder')
    const second = await openAddressPool('/some/folder')
    const { network, isBindable } = first
    await first.close()
    await second.close()
    expect(second.network !== network || !isBindable).toBe(true)
    const third = await openAddressPool('/some/folder')
    await third.close()
    expect(third.network).toBe(network)
  })
})
