import { expect, test } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { ethernetHeader } from '../network/ethernet.ts'
import { frameReader } from '../network/frames.ts'
import { type Packet, readPacket } from '../network/ipv4.ts'
import { type Peer, tcpFrame } from '../network/peer.harness.ts'
import { readSegment } from '../network/tcp/segment.ts'

const destination = '169.254.169.254'
const seconds = 'x-aws-ec2-metadata-token-ttl-seconds: 60'

/** Asks the metadata service frame by frame from a port of a guest; resolves with the packet that brings the status line. */
async function ask(it: TestCloud, id: string, port: number, line: string): Promise<Packet> {
  const nic = it.hypervisor.machine(id).guestNic!
  const { mac, address } = it.cloud.instances.get(id)!.network
  const guest = { mac: mac.replaceAll(':', ''), address } as Peer
  const send = (bits: number, sequence: number, acknowledgment: number, data = '') => {
    const frame = tcpFrame(guest, { destination, ports: [port, 80], bits, sequence, acknowledgment, data })
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    nic.write(Buffer.concat([length, frame]))
  }
  const request = `${line} HTTP/1.1\r\nHost: ${destination}\r\n${seconds}\r\n\r\n`
  return new Promise((resolve, reject) => {
    const read = frameReader((bytes) => {
      const packet = readPacket(Buffer.from(bytes), ethernetHeader)
      const segment = packet && readSegment(packet)
      if (segment?.destinationPort !== port) return
      if (segment.flags === 18) send(24, 1001, segment.sequence + 1, request)
      else if (packet && segment.payload.toString().startsWith('HTTP/1.1 200')) resolve(packet)
    }, reject)
    nic.on('data', read)
    send(2, 1000, 0)
  })
}

test('the answer with a session token travels as many hops as the instance’s limit says, any other as usual', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const ImageId = await it.register()
  const usual = await it.run({ ImageId })
  const wide = await it.run({ ImageId, 'MetadataOptions.HttpPutResponseHopLimit': '2' })
  await it.idle()
  expect((await ask(it, usual, 1, 'PUT /latest/api/token')).ttl).toBe(1)
  expect((await ask(it, usual, 2, 'GET /latest/meta-data/ami-id')).ttl).toBe(64)
  expect((await ask(it, wide, 1, 'PUT /latest/api/token')).ttl).toBe(2)
  await it.call('ModifyInstanceMetadataOptions', { InstanceId: wide, HttpPutResponseHopLimit: '7' })
  expect((await ask(it, wide, 2, 'PUT /latest/api/token')).ttl).toBe(7)
})

test('Eucalyptus limits nothing', async () => {
  const it = await freshCloud()
  const id = await it.run()
  await it.idle()
  expect((await ask(it, id, 1, 'PUT /latest/api/token')).ttl).toBe(64)
})
