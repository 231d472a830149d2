import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import type { Reached } from '../cloud.ts'
import { createGroup, permission } from '../ec2/group/group.harness.ts'
import { ethernetHeader } from '../network/ethernet.ts'
import { frameReader } from '../network/frames.ts'
import { protocols, readPacket } from '../network/ipv4.ts'
import { type Peer, tcpFrame } from '../network/peer.harness.ts'
import { flags, readSegment } from '../network/tcp/segment.ts'

const networkOf = (it: TestCloud, id: string) => it.cloud.instances.get(id)!.network
const terminate = async (it: TestCloud, id: string) => {
  await it.call('TerminateInstances', { 'InstanceId.1': id })
  await it.idle()
}

/** Launches one instance in a group; resolves with its id when it runs. */
async function inGroup(it: TestCloud, ImageId: string, group: string): Promise<string> {
  const id = await it.run({ ImageId, 'SecurityGroup.1': group })
  await it.idle()
  return id
}

/** The first segments of connections that a guest is sent, as `SYN port`, in order. */
function synsTo(it: TestCloud, id: string): string[] {
  const syns: string[] = []
  const read = frameReader(
    (frame) => {
      const packet = frame.readUInt16BE(12) === 0x0800 ? readPacket(frame, ethernetHeader) : undefined
      const segment = packet?.protocol === protocols.tcp ? readSegment(packet) : undefined
      if (segment && segment.flags === flags.syn) syns.push(`SYN ${segment.destinationPort}`)
    },
    (length) => {
      throw new Error(`a frame of ${length} bytes`)
    },
  )
  it.hypervisor.machine(id).guestNic!.on('data', read)
  return syns
}

/** Makes a guest send the first segment of a connection to another one. */
function knock(it: TestCloud, from: string, to: string, port: number): void {
  const { mac, address } = networkOf(it, from)
  const frame = tcpFrame({ mac: mac.replaceAll(':', ''), address } as Peer, {
    destination: networkOf(it, to).address,
    ports: [40_000, port],
    bits: flags.syn,
  })
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  it.hypervisor.machine(from).guestNic!.write(Buffer.concat([length, frame]))
}

describe('a place', () => {
  test('is unique, and free again when its instance has ended', async () => {
    const it = await freshCloud()
    const ImageId = await it.register()
    const ids = [await it.run({ ImageId }), await it.run({ ImageId }), await it.run({ ImageId })]
    await it.idle()
    const places = ids.map((id) => networkOf(it, id))
    expect(places.map(({ address }) => address)).toEqual(['172.31.0.4', '172.31.0.5', '172.31.0.6'])
    expect(places.map(({ hostname, domain }) => `${hostname}.${domain}`)[1]).toBe('euca-172-31-0-5.eucalyptus.internal')
    expect(places.map(({ mac }) => mac.replaceAll(':', ''))).toEqual(ids.map((id) => id.replace('i-', 'd00d')))
    expect(new Set(places.map(({ publicAddress }) => publicAddress)).size).toBe(3)
    for (const { publicAddress } of places) expect(publicAddress).toMatch(/^127\.8\.\d+\.\d+$/)
    await terminate(it, ids[1] ?? '')
    const again = networkOf(it, await it.run({ ImageId }))
    expect([again.address, again.publicAddress]).toEqual([places[1]?.address, places[1]?.publicAddress])
  })

  test('of each instance of one launch is its own', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    await it.call('RunInstances', { ImageId: await it.register(), MinCount: '5', MaxCount: '5' })
    const places = it.cloud.instances.list().map(({ network }) => network)
    for (const field of ['mac', 'address', 'hostname', 'publicAddress'] as const) {
      expect(new Set(places.map((place) => place[field])).size).toBe(5)
    }
    expect(places[0]).toMatchObject({ hostname: 'ip-172-31-0-4', domain: 'ec2.internal' })
  })

  test('stays over a restart, before new instances are placed', async () => {
    const before = await freshCloud()
    const ImageId = await before.register()
    const [first, second] = [await before.run({ ImageId }), await before.run({ ImageId })]
    await before.idle()
    const place = networkOf(before, second)
    await terminate(before, first)
    const it = await before.restart('orderly')
    await it.idle()
    expect(networkOf(it, second)).toEqual(place)
    expect(networkOf(it, await it.run({ ImageId })).publicAddress).not.toBe(place.publicAddress)
  })

  test('has another public address when the network of addresses is another', async () => {
    const before = await freshCloud()
    const id = await before.run()
    await before.idle()
    const { mac, address } = networkOf(before, id)
    await before.cloud.store.change((draft) => {
      const instances = before.cloud.instances.in(draft)
      const instance = instances.get(id)!
      instances.put({ ...instance, network: { ...instance.network, publicAddress: '127.8.999.2' } })
    })
    const it = await before.restart('orderly')
    await it.idle()
    const { network } = await it.cloud.network.publicAddresses()
    const place = networkOf(it, id)
    expect(place).toMatchObject({ mac, address, publicAddress: expect.stringContaining(network.replace('0/24', '')) })
  })
})

describe('a public address', () => {
  const ports = (it: TestCloud, id: string) =>
    it.cloud.network.listening(networkOf(it, id).publicAddress).map(({ port }) => port)
  const listensOn = (it: TestCloud, id: string, expected: number[]) =>
    vi.waitFor(() => expect(ports(it, id)).toEqual(expected))
  const call = (it: TestCloud, action: string, port: string) =>
    it.call(`${action}SecurityGroupIngress`, {
      GroupName: 'web',
      ...permission({ FromPort: port, ToPort: port }),
    })
  const dial = ({ boundAddress, boundPort }: Reached): Socket => {
    const socket = connect(boundPort, boundAddress)
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    return socket
  }

  test('is listened for on the ports that the groups open, of those that may be, and while the instance runs', async () => {
    const it = await freshCloud()
    await createGroup(it, 'web')
    await call(it, 'Authorize', '22')
    await call(it, 'Authorize', '9999')
    const id = await inGroup(it, await it.register(), 'web')
    await listensOn(it, id, [22])
    await call(it, 'Authorize', '80')
    await listensOn(it, id, [22, 80])
    await call(it, 'Revoke', '22')
    await listensOn(it, id, [80])
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    await listensOn(it, id, [80])
    await terminate(it, id)
    expect(it.cloud.network.listening()).toEqual([])
  })

  test('is not listened for by an instance that no group opens', async () => {
    const it = await freshCloud()
    await createGroup(it, 'web')
    await call(it, 'Authorize', '22')
    const ImageId = await it.register()
    const [open, closed] = [await inGroup(it, ImageId, 'web'), await inGroup(it, ImageId, 'default')]
    await listensOn(it, open, [22])
    expect(ports(it, closed)).toEqual([])
  })

  test('carries a connection to its guest, until the rule is revoked', async () => {
    const it = await freshCloud()
    await createGroup(it, 'web')
    await call(it, 'Authorize', '22')
    const id = await inGroup(it, await it.register(), 'web')
    await listensOn(it, id, [22])
    const syns = synsTo(it, id)
    const [reached] = it.cloud.network.listening(networkOf(it, id).publicAddress)
    const client = dial(reached!)
    await vi.waitFor(() => expect(syns).toContain('SYN 22'))
    const end = once(client, 'end').catch((error: NodeJS.ErrnoException) => error.code)
    await call(it, 'Revoke', '22')
    expect(await end).toBe('ECONNRESET')
    await listensOn(it, id, [])
  })

  test('that cannot be listened for is told with the reason, each port by itself', async () => {
    const it = await freshCloud()
    const { network, standIns } = await it.cloud.network.publicAddresses()
    expect(network).toMatch(/^127\.8\.\d+\.0\/24$/)
    for (const { port, reason } of standIns) {
      expect([22, 80]).toContain(port)
      expect(reason).toMatch(/^E(ACCES|ADDRINUSE|ADDRNOTAVAIL)$/)
    }
  })
})

describe('between instances', () => {
  test('a group lets its members in when it says so, and no others, and no longer when it is revoked', async () => {
    const it = await freshCloud()
    const group = await createGroup(it, 'friends')
    const ImageId = await it.register()
    const [one, friend] = [await inGroup(it, ImageId, 'friends'), await inGroup(it, ImageId, 'friends')]
    const stranger = await inGroup(it, ImageId, 'default')
    const everyone = permission({ FromPort: '7000', ToPort: '7000' })
    const members = permission({ FromPort: '1', ToPort: '99', 'IpRanges.1.CidrIp': undefined })
    const friends = { GroupName: 'friends', ...members, 'IpPermissions.1.Groups.1.GroupId': group }
    await it.call('AuthorizeSecurityGroupIngress', { GroupName: 'friends', ...everyone })
    await it.call('AuthorizeSecurityGroupIngress', friends)
    const syns = synsTo(it, one)
    /** What arrives of a knock at a port and one at 7000, which is let in and so shows that the first was looked at. */
    const arrives = async (from: string, port: number) => {
      for (const each of [port, 7000]) knock(it, from, one, each)
      await vi.waitFor(() => expect(syns).toContain('SYN 7000'))
      return syns.splice(0)
    }
    expect(await arrives(friend, 80)).toEqual(['SYN 80', 'SYN 7000'])
    expect(await arrives(stranger, 80)).toEqual(['SYN 7000'])
    await it.call('RevokeSecurityGroupIngress', friends)
    expect(await arrives(friend, 81)).toEqual(['SYN 7000'])
  })
})
