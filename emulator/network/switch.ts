import type { Duplex } from 'node:stream'
import { contains, formatAddress, metadataAddress, parseAddress, parseMac, parseSubnet } from './addresses.ts'
import { arpLength, isOwnArp, readArpRequest, writeArpReply } from './arp.ts'
import { dialPort, type FromOutside } from './connections.ts'
import { ethernetHeader, etherTypes, isBroadcast, isForRouter, isMac } from './ethernet.ts'
import { FrameWriter, frameReader } from './frames.ts'
import { readPacket } from './ipv4.ts'
import { createNat } from './nat/nat.ts'
import type { Network, SwitchOptions } from './network.ts'
import { beginFrame, noStats, type Port, type PortStats } from './port.ts'
import { type Refusal, route } from './router.ts'
import { forgetFlows, Security } from './security.ts'
import { connectionError } from './tcp/connection-error.ts'

/** Who is plugged into a port: everything that comes out of it is this instance's. */
export interface PortSpec {
  instanceId: string
  /** `aa:bb:cc:dd:ee:ff`. */
  mac: string
  /** Dotted; inside the subnet, not one of its first two nor its last. */
  address: string
  /** Without the domain, such as `ip-172-31-0-10`. */
  hostname: string
}

/** The virtual switch: the network of all instances. Nothing of it listens on the host, nothing in it reaches the host. */
export interface Switch {
  /**
   * Plugs an instance in. `stream` carries frames as QEMU's stream netdev does; it is destroyed when it carries anything
   * else, and its end unplugs the instance. Throws when the instance or its address is plugged in already, or the
   * address is none of the subnet's. Returns the port's counters.
   */
  connect(spec: PortSpec, stream: Duplex): Readonly<PortStats>
  /** Unplugs an instance, if it is plugged in: its connections end, its address is free, the stream is destroyed. */
  disconnect(instanceId: string): void
  /**
   * Opens a TCP connection to an instance, whose system sees it come from the gateway. `from` is the client's own
   * address, for the rules. Rejects with `code`: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH (not plugged in), EACCES (no rule
   * allows it), or the reason of `signal`. The stream may have closed already when it is given; an error of it that
   * nobody listens for is only that.
   */
  dial(instanceId: string, tcpPort: number, options?: { from?: string; signal?: AbortSignal }): Promise<Duplex>
  /** The private address of a plugged-in instance. */
  addressOf(instanceId: string): string | undefined
  /** Asks `allows` again about everything that is under way; what it now refuses ends. */
  rulesChanged(): void
  /** Unplugs all instances. */
  close(): void
}

function createPort(network: Network, spec: PortSpec, stream: Duplex): Port {
  const { net, ports } = network
  const address = parseAddress(spec.address)
  const own = address === net.network || address === net.gateway || address === net.resolver
  if (own || address === net.broadcast || !contains(net, address)) {
    throw new Error(`${spec.address} is no address for an instance of ${formatAddress(net.network)}`)
  }
  if (ports.has(address)) throw new Error(`${spec.address} is in use by ${ports.get(address)?.instanceId}`)
  const { instanceId, hostname } = spec
  const mac = parseMac(spec.mac)
  const [stats, out] = [noStats(), new FrameWriter(stream)]
  return {
    instanceId,
    hostname,
    mac,
    address,
    stream,
    out,
    stats,
    flows: new Map(),
    begun: 0,
    unanswered: new Set(),
    sweptAt: 0,
    connections: new Map(),
  }
}

/** Answers a question for any address but the asker's own with the router: instances meet in the router only. */
function answerArp({ ports, net }: Network, port: Port, frame: Buffer): Refusal {
  if (!isOwnArp(frame, port.mac, port.address)) return 'spoofed'
  const request = readArpRequest(frame)
  if (!request) return 'refused'
  const { sender, target } = request
  if (target === port.address || target === sender) return undefined
  const isTaken = ports.has(target) || target === net.gateway || target === net.resolver || target === metadataAddress
  // Whoever asks whether an address is free must hear only of those that are not.
  if (sender === 0 && !isTaken) return undefined
  const at = beginFrame(port, ethernetHeader + arpLength)
  if (at >= 0) writeArpReply(port.out.buffer, at, request)
  return undefined
}

/** What becomes of a frame. Only its port says whose it is; a frame that claims otherwise goes nowhere. */
function receive(network: Network, port: Port, frame: Buffer): Refusal {
  if (frame.length < ethernetHeader) return 'refused'
  if (!isMac(frame, 6, port.mac)) return 'spoofed'
  const broadcast = isBroadcast(frame)
  if (!broadcast && !isForRouter(frame)) return 'refused'
  const type = frame.readUInt16BE(12)
  if (type === etherTypes.arp) return answerArp(network, port, frame)
  const packet = type === etherTypes.ipv4 ? readPacket(frame, ethernetHeader) : undefined
  if (!packet) return 'refused'
  // RFC 1812, section 5.3.4: what came as a broadcast of the link is not carried on.
  if (broadcast && packet.source === port.address && packet.destination < 0xe0000000) return 'refused'
  return route(network, port, packet)
}

function listen(network: Network, port: Port, disconnect: () => void): void {
  const { stream, stats } = port
  const read = frameReader(
    (frame) => {
      stats.received += 1
      const refusal = receive(network, port, frame)
      if (refusal) stats[refusal] += 1
    },
    (length) => stream.destroy(new Error(`${port.instanceId} sent a frame of ${length} bytes`)),
  )
  stream.on('data', read)
  stream.on('drain', () => {
    for (const connection of port.connections.values()) connection.drained()
  })
  // A port ends as a cable is pulled: why shows at its other end, where the machine ended.
  stream.on('error', disconnect)
  stream.on('end', disconnect)
  stream.on('close', disconnect)
}

function unplug(network: Network, port: Port): void {
  network.ports.delete(port.address)
  forgetFlows(port)
  network.nat?.forget(port)
  for (const connection of port.connections.values()) connection.abort('ENETDOWN', `${port.instanceId} is unplugged`)
  port.stream.destroy()
}

/** Makes a switch without ports. Throws when the subnet or the MTU is not one. */
export function createSwitch(options: SwitchOptions): Switch {
  const { clock, mtu = 1500, subnet = '172.31.0.0/16' } = options
  if (!Number.isInteger(mtu) || mtu < 576 || mtu > 9001) throw new Error(`${mtu} is no MTU from 576 to 9001`)
  const security = new Security(clock, (facts) => options.allows(facts))
  const network: Network = { ...options, mtu, net: parseSubnet(subnet), security, ports: new Map() }
  if (options.outside) network.nat = createNat(network, options.outside)
  const byInstance = new Map<string, Port>()
  const fromOutside: FromOutside = new Map()
  const disconnect = (port: Port) => {
    if (byInstance.get(port.instanceId) !== port) return
    byInstance.delete(port.instanceId)
    unplug(network, port)
  }
  return {
    connect(spec, stream) {
      if (byInstance.has(spec.instanceId)) throw new Error(`${spec.instanceId} is plugged in already`)
      const port = createPort(network, spec, stream)
      byInstance.set(spec.instanceId, port)
      network.ports.set(port.address, port)
      listen(network, port, () => disconnect(port))
      return port.stats
    },
    disconnect(instanceId) {
      const port = byInstance.get(instanceId)
      if (port) disconnect(port)
    },
    async dial(instanceId, tcpPort, { from, signal } = {}) {
      const port = byInstance.get(instanceId)
      if (!port) throw connectionError('EHOSTUNREACH', `${instanceId} is not plugged in`)
      return dialPort(network, port, tcpPort, { ...(from && { from }), ...(signal && { signal }), fromOutside })
    },
    addressOf(instanceId) {
      const port = byInstance.get(instanceId)
      return port && formatAddress(port.address)
    },
    rulesChanged() {
      security.rulesChanged(byInstance.values())
      network.nat?.rulesChanged()
      for (const [connection, facts] of fromOutside) {
        if (!options.allows(facts)) connection.abort('ECONNABORTED', `no rule of ${facts.to} allows it any more`)
      }
    },
    close() {
      for (const port of [...byInstance.values()]) disconnect(port)
    },
  }
}
