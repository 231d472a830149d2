import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Peer, tcpFrame, testSwitch, udpFrame } from '../peer.harness.ts'
import { readDatagram } from '../udp.ts'
import { hostSockets } from './host-sockets.ts'

/** An instance whose outside is this machine's loopback, by real sockets: what no cloud ever does. */
function onLoopback() {
  const network = testSwitch({ outside: { ...hostSockets(() => []), reaches: (address) => address === '127.0.0.1' } })
  onTestFinished(network.close)
  return new Peer(network, 10)
}

test('TCP of an instance reaches a real server, and the server the instance', async () => {
  const server = createServer((socket) => {
    socket.on('data', (data) => socket.end(data.toString().toUpperCase()))
    // The instance's half is still open when the test ends: a reset ends it.
    socket.on('error', () => undefined)
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const ports: [number, number] = [4000, (server.address() as AddressInfo).port]
  const peer = onLoopback()
  const text = { destination: '127.0.0.1', ports }
  peer.send(tcpFrame(peer, { ...text, bits: 2 }))
  const { sequence } = await peer.nextSegment()
  const answer = { ...text, sequence: 1001, acknowledgment: sequence + 1 }
  peer.send(tcpFrame(peer, { ...answer, bits: 24, data: 'hello' }))
  let said = ''
  let bits = 0
  while (said !== 'HELLO' || (bits & 1) === 0) {
    const segment = await peer.nextSegment()
    said += segment.payload.toString()
    bits = segment.flags
  }
})

test('TCP to a port where nobody listens is refused by this machine', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const peer = onLoopback()
  peer.send(tcpFrame(peer, { destination: '127.0.0.1', ports: [4000, port], bits: 2 }))
  expect((await peer.nextSegment()).flags & 4).toBe(4)
})

test('UDP of an instance reaches a real server, and its answer the instance', async () => {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.on('message', (bytes, from) => socket.send(bytes.toString().toUpperCase(), from.port, from.address))
  await once(socket.bind(0, '127.0.0.1'), 'listening')
  const peer = onLoopback()
  const { port } = socket.address()
  peer.send(udpFrame(peer, { destination: '127.0.0.1', ports: [4000, port], data: Buffer.from('hello') }))
  const answer = readDatagram(await peer.nextPacket(17))
  expect(answer).toEqual({ sourcePort: port, destinationPort: 4000, payload: Buffer.from('HELLO') })
})
