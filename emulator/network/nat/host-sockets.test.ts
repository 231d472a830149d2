import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter, on, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hostSockets, parseServer } from './host-sockets.ts'
import type { FlowEvents } from './outside.ts'

/** A UDP socket on the loopback that answers what it is sent in capitals. */
async function echoServer(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => socket.send(bytes.toString().toUpperCase(), from.port, from.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return { socket, port: socket.address().port }
}

/** Events of a flow that can be waited for: `next` is the next datagram that came, whenever it came. */
function listener() {
  const heard = new EventEmitter()
  const datagrams = on(heard, 'received')
  const failed = once(heard, 'failed')
  const all: string[] = []
  const events: FlowEvents = {
    received: (bytes) => {
      all.push(bytes.toString())
      heard.emit('received', bytes)
    },
    failed: (error) => heard.emit('failed', error),
  }
  return { events, all, failed, next: async () => String((await datagrams.next()).value) }
}

describe('a UDP flow', () => {
  test('carries both ways, from before it is ready on, and copies what it sends', async () => {
    const { port } = await echoServer()
    const { events, next } = listener()
    const flow = hostSockets(() => []).open('127.0.0.1', port, events)
    onTestFinished(flow.close)
    const bytes = Buffer.from('early')
    flow.send(bytes)
    bytes.fill(0)
    expect(await next()).toBe('EARLY')
    flow.send(Buffer.from('late'))
    expect(await next()).toBe('LATE')
  })

  test('hears nobody but the one that it is with', async () => {
    const { socket, port } = await echoServer()
    const { events, next, all } = listener()
    const flow = hostSockets(() => []).open('127.0.0.1', port, events)
    onTestFinished(flow.close)
    flow.send(Buffer.from('a'))
    const [, from] = (await once(socket, 'message')) as [Buffer, AddressInfo]
    expect(await next()).toBe('A')
    const stranger = createSocket('udp4')
    onTestFinished(() => void stranger.close())
    await new Promise((resolve) => stranger.send('stranger', from.port, '127.0.0.1', resolve))
    flow.send(Buffer.from('b'))
    expect(await next()).toBe('B')
    expect(all).toEqual(['A', 'B'])
  })

  test('fails, once, where nobody listens', async () => {
    const free = createSocket('udp4').bind(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address()
    await new Promise<void>((resolve) => free.close(resolve))
    const { events, failed } = listener()
    const flow = hostSockets(() => []).open('127.0.0.1', port, events)
    flow.send(Buffer.from('anybody?'))
    expect(await failed).toMatchObject([{ code: 'ECONNREFUSED' }])
    flow.send(Buffer.from('still?'))
    flow.close()
  })

  test('may be closed before it is ready', async () => {
    const { socket, port } = await echoServer()
    const { events } = listener()
    const sockets = hostSockets(() => [])
    const flow = sockets.open('127.0.0.1', port, events)
    flow.send(Buffer.from('never sent'))
    flow.close()
    const second = sockets.open('127.0.0.1', port, events)
    onTestFinished(second.close)
    second.send(Buffer.from('sent'))
    const [first] = (await once(socket, 'message')) as [Buffer]
    expect(first.toString()).toBe('sent')
  })
})

describe('the resolver', () => {
  test('is the first of the host’s name servers', async () => {
    const { port } = await echoServer()
    const { events, next } = listener()
    const flow = hostSockets(() => [`127.0.0.1:${port}`, '127.0.0.2']).openResolver(events)
    onTestFinished(() => flow?.close())
    flow?.send(Buffer.from('who is?'))
    expect(await next()).toBe('WHO IS?')
  })

  test('is none where the host has none', () => {
    expect(hostSockets(() => []).openResolver(listener().events)).toBeUndefined()
  })

  test.each([
    ['192.0.2.1', '192.0.2.1', 53],
    ['192.0.2.1:5353', '192.0.2.1', 5353],
    ['2001:db8::1', '2001:db8::1', 53],
    ['[2001:db8::1]:5353', '2001:db8::1', 5353],
  ])('%s is %s, port %i', (text, address, port) => expect(parseServer(text)).toEqual({ address, port }))
})

describe('a TCP connection', () => {
  test('carries both ways, half by half', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.on('data', (data) => socket.end(data)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const stream = await hostSockets().connect('127.0.0.1', (server.address() as AddressInfo).port)
    stream.end('hello')
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('hello')
  })

  test('is refused as the other side refuses it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(hostSockets().connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
