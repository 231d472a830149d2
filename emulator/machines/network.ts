import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Cloud, CloudNetwork } from '../cloud.ts'
import { addressOf } from '../ec2/address/address.ts'
import { egressAllowed, ingressAllowed } from '../ec2/group/allows.ts'
import { type InstanceRecord, isLive } from '../ec2/instance/instance.ts'
import { endInTime } from '../metadata/connection-time.ts'
import type { MetadataFacts } from '../metadata/facts.ts'
import { type Asker, metadataHandler } from '../metadata/handler.ts'
import { identitySeal } from '../metadata/identity-seal.ts'
import type { AddressPool } from '../network/address-pool.ts'
import { formatAddress } from '../network/addresses.ts'
import { bind, whyUnavailable } from '../network/listeners.ts'
import type { Outside } from '../network/nat/outside.ts'
import type { PortStats } from '../network/port.ts'
import { createPublicAddresses } from '../network/public-addresses.ts'
import type { PacketFacts } from '../network/security.ts'
import { createSwitch } from '../network/switch.ts'
import { cardMtu } from '../node/qemu-arguments.ts'
import type { Clock } from '../state/clock.ts'
import { reachedInstances } from './reached-instances.ts'

/** The network as the host sees it: machines are plugged into it. */
export interface HostNetwork extends CloudNetwork {
  /** Gives the addresses and instances of the last run their public addresses again, or others when another emulator has those now. */
  adopt(): Promise<void>
  /** Plugs a started machine's network card in, and listens on the instance's public address. */
  connect(instance: InstanceRecord, nic: Duplex): void
  /** Unplugs an instance and stops listening for it. */
  disconnect(id: string): Promise<void>
  close(): Promise<void>
}

type Fidelity = Cloud['settings']['fidelity']

/** The private network, and the first address that an instance can have. */
const [subnet, firstAddress, lastAddress] = ['172.31.0.0/16', 0xac1f0004, 0xac1ffffe]

/** The private domain and the beginning of the names in it. */
const names = {
  eucalyptus: { domain: 'eucalyptus.internal', prefix: 'euca' },
  aws: { domain: 'ec2.internal', prefix: 'ip' },
} as const

/** What the metadata service tells, and the key with which the cloud seals identity documents, with its certificate, PEM. */
interface MetadataSource {
  readonly facts: (instanceId: string) => MetadataFacts | undefined
  readonly privateKey: string
  readonly certificate: string
}

/**
 * The metadata service, as what is to be done with a connection of an instance. Nothing listens for it: its connections
 * come out of the switch, and the switch knows whose they are.
 */
function metadataService(clock: Clock, fidelity: Fidelity, { facts, ...key }: MetadataSource) {
  const askers = new WeakMap<object, Asker>()
  const answer = metadataHandler({
    facts,
    fidelity,
    clock,
    random: randomBytes,
    seal: identitySeal(key.privateKey, key.certificate, fidelity === 'aws' ? 'sha256' : 'sha1'),
    onError: (error) => console.error('metadata service:', error),
  })
  const server = createServer((request, response) => {
    const asker = askers.get(request.socket)
    if (asker) answer(asker, request, response)
    else request.socket.destroy()
  })
  return (instanceId: string, connection: Duplex, limitHops: (hops: number) => void) => {
    askers.set(connection, { instanceId, limitHops })
    endInTime(connection, clock)
    server.emit('connection', connection)
  }
}

/** A free private address for an instance, and the names and the MAC that go with it. */
function privatePlace(id: string, instances: readonly InstanceRecord[], fidelity: Fidelity) {
  const { domain, prefix } = names[fidelity]
  const taken = new Set(instances.filter(isLive).map(({ network }) => network.address))
  let number = firstAddress
  while (taken.has(formatAddress(number)) && number < lastAddress) number += 1
  const address = formatAddress(number)
  const digits = id.replace(/^i-/, '').slice(0, 8)
  const mac = `d0:0d:${digits.replace(/..(?=.)/g, '$&:')}`
  return { mac, address, hostname: `${prefix}-${address.replaceAll('.', '-')}`, domain }
}

/** Gives elastic addresses and instances their public addresses of the last run again, where they can be had. */
const adoptAddresses = (cloud: Cloud, pool: AddressPool) =>
  cloud.store.change((draft) => {
    const [addresses, instances] = [cloud.addresses.in(draft), cloud.instances.in(draft)]
    for (const address of addresses.list()) {
      addresses.put({ ...address, publicIp: pool.assign(address.id, address.publicIp) })
    }
    for (const instance of instances.list().filter(isLive)) {
      const { id, network } = instance
      const publicAddress = addressOf(cloud, draft, id)?.publicIp ?? pool.assign(id, network.publicAddress)
      instances.put({ ...instance, network: { ...network, publicAddress } })
    }
  })

/** Tries a port on the first address of the pool, which no instance has: whether it will have to be stood in for. */
async function standInFor(network: string, port: number): Promise<{ port: number; reason: string }[]> {
  try {
    const server = await bind(network.replace(/0\/24$/, '1'), port, (socket) => socket.destroy())
    await new Promise((resolve) => server.close(resolve))
    return []
  } catch (error) {
    return [{ port, reason: whyUnavailable(error) }]
  }
}

/** Makes the network of a cloud; `cloud` is read when something is asked, as the cloud itself holds the network. */
export function createNetwork(
  cloud: () => Cloud,
  pool: AddressPool,
  clock: Clock,
  { fidelity, publicPorts }: Pick<Cloud['settings'], 'fidelity' | 'publicPorts'>,
  source: MetadataSource,
  outside?: Outside,
): HostNetwork {
  const fabric = createSwitch({
    clock,
    random: () => randomBytes(4).readUInt32BE(),
    subnet,
    mtu: cardMtu,
    domain: names[fidelity].domain,
    metadata: metadataService(clock, fidelity, source),
    resolve: () => undefined,
    ...(outside && { outside }),
    allows: (facts) => allows(cloud(), facts),
  })
  const addresses = createPublicAddresses(fabric.dial)
  const traffic = new Map<string, Readonly<PortStats>>()
  const reached = reachedInstances(cloud, addresses, publicPorts)
  return {
    place: (id, instances) => ({ ...privatePlace(id, instances, fidelity), publicAddress: pool.assign(id) }),
    adopt: () => adoptAddresses(cloud(), pool),
    connect(instance, nic) {
      const { mac, address, hostname } = instance.network
      fabric.disconnect(instance.id)
      traffic.set(instance.id, fabric.connect({ instanceId: instance.id, mac, address, hostname }, nic))
      // Since the machine was described, it may have been given another address.
      reached.publish(cloud().instances.get(instance.id) ?? instance)
    },
    async disconnect(id) {
      fabric.disconnect(id)
      traffic.delete(id)
      await reached.withdraw(id)
    },
    publicPool: () => pool.addresses,
    takeAddress: (owner, wanted) => pool.assign(owner, wanted),
    giveBack: (owner) => pool.release(owner),
    addressesMoved: () => reached.follow(),
    hasHeard: (id) => (traffic.get(id)?.received ?? 0) > 0,
    rulesChanged() {
      fabric.rulesChanged()
      reached.follow()
    },
    listening: (address) => addresses.listening(address),
    async publicAddresses() {
      const tried = await Promise.all(publicPorts.map((port) => standInFor(pool.network, port)))
      return { network: pool.network, standIns: tried.flat() }
    },
    async close() {
      await addresses.close()
      fabric.close()
      await pool.close()
    },
  }
}

/** Whether the security groups let the first packet of a flow out of its instance, and into the other. */
function allows(cloud: Cloud, { from, to, source, destination, protocol, port, icmpType, icmpCode }: PacketFacts) {
  const groupsOf = (id: string) =>
    cloud.instances.get(id)?.groupIds.flatMap((group) => cloud.groups.get(group) ?? []) ?? []
  const what = {
    protocol,
    ...(port !== undefined && { port }),
    ...(icmpType !== undefined && { icmpType }),
    ...(icmpCode !== undefined && { icmpCode }),
  }
  const place = (id: string, address: string) => (id === 'outside' ? { address } : { instanceId: id, address })
  return (
    (from === 'outside' || egressAllowed(groupsOf, { ...what, from, to: place(to, destination) })) &&
    (to === 'outside' || ingressAllowed(groupsOf, { ...what, from: place(from, source), to }))
  )
}
