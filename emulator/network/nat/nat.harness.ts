import { type Duplex, duplexPair } from 'node:stream'
import { manualClock } from '../../state/clock.ts'
import { Peer, settle, testSwitch } from '../peer.harness.ts'
import type { PacketFacts } from '../security.ts'
import type { FlowEvents, Outside } from './outside.ts'

/** A UDP flow that a test was asked for: what was sent on it, and how to make it speak. */
interface TestFlow {
  readonly to: string
  readonly sent: string[]
  readonly events: FlowEvents
  closed: boolean
}

/** A connection that a test was asked for; `accept` gives the host's socket and the other end of it. */
interface TestConnection {
  readonly to: string
  accept(): { socket: Duplex; theirs: Duplex }
  refuse(code: string): void
}

/** One instance, and an outside that dials nobody: it notes what is asked of it, and reaches all but 10.0.0.0/8. */
export function natted(options: { allows?: (facts: PacketFacts) => boolean; hasResolver?: boolean } = {}) {
  const flows: TestFlow[] = []
  const connections: TestConnection[] = []
  const open = (to: string, events: FlowEvents) => {
    const flow: TestFlow = { to, sent: [], events, closed: false }
    flows.push(flow)
    const close = () => {
      flow.closed = true
    }
    return { send: (bytes: Buffer) => void flow.sent.push(bytes.toString()), close }
  }
  const outside: Outside = {
    reaches: (address) => !address.startsWith('10.'),
    connect: (address, port) =>
      new Promise((resolve, reject) =>
        connections.push({
          to: `${address}:${port}`,
          accept() {
            const [socket, theirs] = duplexPair({ allowHalfOpen: true })
            resolve(socket)
            return { socket, theirs }
          },
          refuse: (code) => reject(Object.assign(new Error(code), { code })),
        }),
      ),
    open: (address, port, events) => open(`${address}:${port}`, events),
    openResolver: (events) => (options.hasResolver === false ? undefined : open('resolver', events)),
  }
  const rules = { allows: options.allows ?? (() => true) }
  const clock = manualClock()
  const network = testSwitch({ clock, outside, allows: (facts) => rules.allows(facts) })
  const peer = new Peer(network, 10)
  /** Sends frames, each carried before the next. */
  const send = async (...frames: Buffer[]) => {
    for (const frame of frames) {
      peer.send(frame)
      await settle()
    }
  }
  return { network, peer, rules, clock, flows, connections, send }
}
