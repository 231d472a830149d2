import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { createGroup, permission } from '../ec2/group/group.harness.ts'
import { ethernetHeader } from '../network/ethernet.ts'
import { frameReader } from '../network/frames.ts'
import { protocols, readPacket } from '../network/ipv4.ts'
import { type Peer, tcpFrame } from '../network/peer.harness.ts'
import { flags, readSegment } from '../network/tcp/segment.ts'

/** An instance in a group, with what its guest is sent over TCP, as `SYN 80` or `RST 80`, and how it sends a SYN. */
async function guest(it: TestCloud, ImageId: string, group: string) {
  const id = await it.run({ ImageId, 'SecurityGroup.1': group })
  await it.idle()
  const nic = it.hypervisor.machine(id).guestNic!
  const { mac, address } = it.cloud.instances.get(id)!.network
  const heard: string[] = []
  const read = frameReader(
    (frame) => {
      const packet = frame.readUInt16BE(12) === 0x0800 ? readPacket(frame, ethernetHeader) : undefined
      const segment = packet?.protocol === protocols.tcp ? readSegment(packet) : undefined
      if (segment?.flags === flags.syn) heard.push(`SYN ${segment.destinationPort}`)
      else if (segment) heard.push(`${segment.flags & flags.reset ? 'RST' : 'ACK'} ${segment.sourcePort}`)
    },
    (length) => {
      throw new Error(`a frame of ${length} bytes`)
    },
  )
  nic.on('data', read)
  const knock = (destination: string, port: number) => {
    const self = { mac: mac.replaceAll(':', ''), address } as Peer
    const frame = tcpFrame(self, { destination, ports: [40_000, port], bits: flags.syn })
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    nic.write(Buffer.concat([length, frame]))
  }
  return { address, heard, knock }
}

const everything = permission({ IpProtocol: '-1', FromPort: undefined, ToPort: undefined })

test('what a group does not let out reaches nobody, from its revocation to the next grant', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const GroupId = await createGroup(it, 'closed')
  const open = await createGroup(it, 'open')
  await it.call('AuthorizeSecurityGroupIngress', { GroupId: open, ...everything })
  const ImageId = await it.register()
  const [from, to] = [await guest(it, ImageId, 'closed'), await guest(it, ImageId, 'open')]
  from.knock(to.address, 1)
  await vi.waitFor(() => expect(to.heard).toEqual(['SYN 1']))
  await it.call('RevokeSecurityGroupEgress', { GroupId, ...everything })
  from.knock(to.address, 2)
  await it.call('AuthorizeSecurityGroupEgress', { GroupId, ...permission({ FromPort: '3', ToPort: '3' }) })
  from.knock(to.address, 4)
  from.knock(to.address, 3)
  await vi.waitFor(() => expect(to.heard).toEqual(['SYN 1', 'SYN 3']))
})

describe('a guest never reaches this machine', () => {
  const own = Object.values(networkInterfaces()).flatMap((list = []) =>
    list.flatMap(({ family, address }) => (family === 'IPv4' ? [address] : [])),
  )
  /** All IPv4 addresses of this machine, and others that lead to it or to its link. */
  const addresses = [...new Set([...own, '127.0.0.1', '127.0.0.53', '127.8.0.1', '0.0.0.0', '169.254.1.1'])]

  test.each([
    ['without a way outside', { guestNet: 'off' as const }],
    ['with nat', { guestNet: 'nat' as const }],
    ['with nat and everything allowed', { guestNet: 'nat' as const, guestNetAllow: ['0.0.0.0/0'] }],
  ])('%s', async (_how, settings) => {
    let reached = 0
    const canary = createServer((socket) => {
      reached += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void canary.close())
    await once(canary, 'listening')
    const { port } = canary.address() as AddressInfo
    const it = await freshCloud({ settings })
    const { heard, knock } = await guest(it, await it.register(), 'default')
    for (const address of addresses) knock(address, port)
    await vi.waitFor(() => expect(heard).toEqual(addresses.map(() => `RST ${port}`)))
    expect(reached).toBe(0)
  })
})
