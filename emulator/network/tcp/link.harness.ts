import { Duplex, Writable } from 'node:stream'
import { type ManualClock, manualClock } from '../../state/clock.ts'
import { ethernetHeader } from '../ethernet.ts'
import { FrameWriter, frameReader } from '../frames.ts'
import { readPacket } from '../ipv4.ts'
import { noStats, type Port } from '../port.ts'
import { Connection } from './connection.ts'
import { readSegment, type Segment } from './segment.ts'

/** What happens to a segment on its way: how many copies arrive, and behind how many later segments. */
export interface Fate {
  copies: number
  behind: number
}

/** Two connections that face each other over a link which the test impairs. Time stands still until it is needed. */
export interface Link {
  clock: ManualClock
  left: Connection
  /** Whoever answers the left; undefined until its first segment has arrived. */
  right(): Connection | undefined
  /** Carries segments, and moves time when nothing else moves, until `done`; throws after a great many turns. */
  until(done: () => boolean): Promise<void>
}

/** A port of which only the outgoing side works: whole frames go to `deliver`, as copies. */
export function portOf(instanceId: string, address: number, deliver: (frame: Buffer) => void): Port {
  const read = frameReader(
    (frame) => deliver(Buffer.from(frame)),
    (length) => {
      throw new Error(`a frame of ${length} bytes`)
    },
  )
  const sink = new Writable({
    highWaterMark: 2 ** 24,
    write: (chunk, _encoding, done) => {
      read(chunk)
      done()
    },
  })
  return {
    instanceId,
    mac: Buffer.from('d00d00000001', 'hex'),
    address,
    hostname: instanceId,
    stream: Duplex.from(sink),
    out: new FrameWriter(sink),
    stats: noStats(),
    flows: new Map(),
    begun: 0,
    unanswered: new Set(),
    sweptAt: 0,
    connections: new Map(),
  }
}

/** The segment of a frame; throws when the frame is not sound. */
export function segmentOf(frame: Buffer): Segment {
  const packet = readPacket(frame, ethernetHeader)
  const segment = packet && readSegment(packet)
  if (!segment) throw new Error(`no sound segment: ${frame.toString('hex')}`)
  return segment
}

const [leftAddress, rightAddress] = [0xac1f0001, 0xac1f000a]

/** Opens a connection from left to right. `fate` decides for each segment; without it all arrive in order. */
export function connect(fate: (segment: Segment) => Fate = () => ({ copies: 1, behind: 0 }), mtu = 1500): Link {
  const clock = manualClock()
  const travelling: { frame: Buffer; toLeft: boolean; wait: number }[] = []
  const carry = (toLeft: boolean) => (frame: Buffer) => {
    const { copies, behind } = fate(segmentOf(frame))
    for (let copy = 0; copy < copies; copy += 1) travelling.push({ frame, toLeft, wait: behind })
  }
  const end = (port: Port, localAddress: number, localPort: number, remotePort: number, initialSequence: number) => ({
    ...{ port, clock, mtu, localAddress, localPort, remotePort, initialSequence },
    timeToLive: 64,
    closed: () => undefined,
  })
  // Both number around the end of the sequence space, so that every test crosses it.
  const left = new Connection(
    end(portOf('left', rightAddress, carry(false)), leftAddress, 40_000, 80, 0xfffffff0),
    () => undefined,
  )
  let right: Connection | undefined
  const deliver = ({ frame, toLeft }: { frame: Buffer; toLeft: boolean }) => {
    const segment = segmentOf(frame)
    if (toLeft) left.receive(segment)
    else if (right) right.receive(segment)
    else {
      const port = portOf('right', leftAddress, carry(true))
      right = new Connection(end(port, rightAddress, 80, 40_000, 0xffff8000), () => undefined, segment)
    }
  }
  return {
    clock,
    left,
    right: () => right,
    async until(done) {
      for (let turn = 0; turn < 200_000; turn += 1) {
        if (done()) return
        const now = travelling.splice(0)
        if (now.length === 0) await clock.advance(20)
        for (const item of now) {
          if (item.wait-- > 0) travelling.push(item)
          else deliver(item)
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
      throw new Error('it never came to that')
    },
  }
}
