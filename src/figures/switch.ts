import { randomInt } from 'node:crypto'
import { type Duplex, duplexPair } from 'node:stream'
import { ethernetHeader, routerMac } from '../../emulator/network/ethernet.ts'
import { writeHeader } from '../../emulator/network/ipv4.ts'
import { createSwitch } from '../../emulator/network/switch.ts'
import { udpHeader, writeDatagram } from '../../emulator/network/udp.ts'
import { systemClock } from '../../emulator/state/clock.ts'
import { spread } from './measure.ts'

/** The switch alone: frames a second from one synthetic instance to another, and how long one frame takes there and back. */
const seconds = Number(process.argv[2] ?? 3)
const mtu = 1500
const [first, second] = [0xac1f000a, 0xac1f000b]

const network = createSwitch({
  clock: systemClock,
  random: () => randomInt(2 ** 32 - 1),
  domain: 'euca.internal',
  metadata: (_instanceId, connection) => connection.destroy(),
  resolve: () => undefined,
  allows: () => true,
})

/** Plugs in an instance; chunks have the size that a socket of the host gives. */
function plug(number: number): Duplex {
  const [inside, outside] = duplexPair({ highWaterMark: 65_536 })
  const mac = `d0:0d:00:00:00:0${number}`
  network.connect({ instanceId: `i-${number}`, mac, address: `172.31.0.${9 + number}`, hostname: `h${number}` }, inside)
  return outside
}

/** A frame with a datagram of `length` bytes of payload, its length before it. */
function datagram(number: number, source: number, destination: number, length: number): Buffer {
  const frame = Buffer.alloc(4 + ethernetHeader + 20 + udpHeader + length)
  frame.writeUInt32BE(frame.length - 4)
  routerMac.copy(frame, 4)
  frame.writeUIntBE(0xd00d00000000 + number, 10, 6)
  frame.writeUInt16BE(0x0800, 16)
  const start = 4 + ethernetHeader
  writeHeader(frame, start, { source, destination, protocol: 17, length: udpHeader + length })
  const ports = { sourcePort: 5000, destinationPort: 5000 }
  writeDatagram(frame, start + 20, { source, destination }, { ...ports, payload: Buffer.alloc(length, 7) })
  return frame
}

/** Offers chunks of full frames as fast as they are taken; gigabits a second of frames that arrived. */
async function throughput(from: Duplex, to: Duplex): Promise<number> {
  const frame = datagram(1, first, second, mtu - 28)
  const chunk = Buffer.concat(Array.from({ length: Math.floor(65_536 / frame.length) }, () => frame))
  let bytes = 0
  const count = (data: Buffer) => {
    bytes += data.length
  }
  to.on('data', count)
  const start = performance.now()
  while (performance.now() - start < seconds * 1000) {
    if (!from.write(chunk)) await new Promise((resolve) => from.once('drain', resolve))
  }
  const elapsed = performance.now() - start
  to.off('data', count)
  console.log(`${((bytes / frame.length / elapsed) * 1000).toFixed(0)} frames a second`)
  return (bytes * 8) / elapsed / 1e6
}

/** Microseconds from a small frame of the first until the second's answer to it is back. */
async function roundTrips(from: Duplex, to: Duplex, count: number): Promise<number[]> {
  const [question, answer] = [datagram(1, first, second, 64), datagram(2, second, first, 64)]
  to.on('data', () => to.write(answer))
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const start = performance.now()
    const back = new Promise((resolve) => from.once('data', resolve))
    from.write(question)
    await back
    times.push((performance.now() - start) * 1000)
  }
  return times
}

const [one, two] = [plug(1), plug(2)]
const rates = [await throughput(one, two), await throughput(one, two), await throughput(one, two)]
console.log(`throughput ${spread(rates)} Gbit/s, ${mtu} bytes a packet`)
one.resume()
const times = (await roundTrips(one, two, 5000)).slice(500)
console.log(`there and back ${spread(times, 0)} microseconds`)
network.close()
