import { describe, expect, test } from 'vitest'
import { manualClock } from '../../state/clock.ts'
import { ByteQueue } from './byte-queue.ts'
import { flags, type Segment } from './segment.ts'
import { Sender } from './sender.ts'

const size = 1000

/** A segment of the peer that only acknowledges. */
const acknowledgment = (upTo: number, window: number): Segment => ({
  ...{ sourcePort: 80, destinationPort: 40_000, sequence: 1, acknowledgment: upTo, flags: flags.acknowledge, window },
  ...{ payload: Buffer.alloc(0), maximumSize: undefined, windowShift: undefined },
})

/** A sender that has filled the peer's window out of `queued` bytes. */
function full(window: number, queued = 2 * window) {
  const sent: number[] = []
  const queue = new ByteQueue(1_000_000)
  const sender = new Sender(0, queue, manualClock(), (_sequence, _bits, _offset, length) => {
    sent.push(length)
    return true
  })
  sender.maximumSize = size
  sender.opened(acknowledgment(0, window), window)
  queue.append(Buffer.alloc(queued), 0)
  sender.send()
  return { sender, sent }
}

/** How many segments go out after each of the acknowledgments of one segment. */
function answers(window: number, count: number): number[] {
  const { sender, sent } = full(window)
  expect(sent.length).toBe(window / size)
  return Array.from({ length: count }, (_, index) => {
    const before = sent.length
    sender.acknowledge(acknowledgment((index + 1) * size, window))
    sender.send()
    return sent.length - before
  })
}

describe('a window that is full', () => {
  test('is refilled a quarter at a time when it is large', () => {
    expect(answers(16 * size, 9)).toEqual([0, 0, 0, 4, 0, 0, 0, 4, 0])
  })

  test('is refilled at once when it is small', () => {
    expect(answers(8 * size, 5)).toEqual([1, 1, 1, 1, 1])
  })

  test('takes the last bytes as soon as they fit, though they are less than a quarter', () => {
    const { sender, sent } = full(16 * size, 18 * size)
    for (const index of [1, 2]) {
      sender.acknowledge(acknowledgment(index * size, 16 * size))
      sender.send()
      expect(sent.length).toBe(index === 1 ? 16 : 18)
    }
  })
})
