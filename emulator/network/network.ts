import type { Duplex } from 'node:stream'
import type { Clock } from '../state/clock.ts'
import type { Subnet } from './addresses.ts'
import type { Nat } from './nat/nat.ts'
import type { Outside } from './nat/outside.ts'
import type { Port } from './port.ts'
import type { PacketFacts, Security } from './security.ts'

/** What the switch takes from the cloud. */
export interface SwitchOptions {
  clock: Clock
  /** 32 random bits, as an unsigned number. */
  random: () => number
  /** The private network, 16 to 29 bits long; 172.31.0.0/16 unless told. */
  subnet?: string
  /** The domain of private names, such as `ec2.internal`. */
  domain: string
  /** The longest packet, in bytes; 1500 unless told, at most 9001 as in a VPC. */
  mtu?: number
  /**
   * An instance has connected to 169.254.169.254:80. MUST take care of the stream's errors. `limitHops` is for what is
   * written from then on: its IP time to live, which is never raised again.
   */
  metadata(instanceId: string, connection: Duplex, limitHops: (hops: number) => void): void
  /** The dotted address of a name in lower case that is not the name of a connected instance; undefined: no such name. */
  resolve(name: string, fromInstanceId: string): string | undefined
  /** The world beyond, as far as instances may reach it; without it they reach nothing but each other. */
  outside?: Outside
  /** Whether the rules let the first packet pass; called when traffic begins and after `rulesChanged`. */
  allows(facts: PacketFacts): boolean
}

/** What all parts of the switch share. */
export interface Network extends SwitchOptions {
  net: Subnet
  mtu: number
  security: Security
  /** The way to `outside`. */
  nat?: Nat
  /** By address. */
  ports: Map<number, Port>
}
