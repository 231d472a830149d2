import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue } from './byte-queue.ts'
import { Receiver } from './receiver.ts'
import { RoundTrip } from './round-trip.ts'
import { advance } from './sequence.ts'

describe('bytes that wait to be sent', () => {
  test('come out as they went in, within the limit', () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat({ max: 9000 }) }),
      fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue(20_000)
        let [model, count] = [Buffer.alloc(0), 0]
        for (const what of steps) {
          if ('add' in what) {
            const chunk = Buffer.from(Array.from({ length: what.add }, () => count++ & 255))
            const taken = queue.append(chunk, 0)
            expect(taken).toBe(Math.min(what.add, 20_000 - model.length))
            count -= what.add - taken
            model = Buffer.concat([model, chunk.subarray(0, taken)])
          } else {
            const length = Math.floor(model.length * what.drop)
            queue.drop(length)
            model = model.subarray(length)
          }
          const from = Math.floor(model.length / 3)
          const copy = Buffer.alloc(model.length - from)
          queue.copyTo(copy, 0, from, copy.length)
          expect([queue.length, copy.equals(model.subarray(from))]).toEqual([model.length, true])
        }
      }),
    )
  })
})

describe('bytes that arrive', () => {
  const text = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 255))

  test('in any pieces, order and number, become what was sent, once', () => {
    const piece = fc.record({ at: fc.nat({ max: 999 }), length: fc.integer({ min: 1, max: 400 }) })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const first = 0xfffffe00
        const receiver = new Receiver(first)
        const got: Buffer[] = []
        const take = (at: number, length: number) => {
          const end = Math.min(at + length, text.length)
          got.push(...receiver.accept(advance(first, at), text.subarray(at, end), end === text.length, 65_535))
        }
        for (const { at, length } of pieces) take(at, length)
        for (let at = 0; at < 1000; at += 100) take(at, 100)
        expect(Buffer.concat(got).equals(text)).toBe(true)
        expect([receiver.finished, receiver.next]).toEqual([true, advance(first, 1001)])
      }),
    )
  })

  test('beyond the window are refused, and so is the FIN behind them', () => {
    const receiver = new Receiver(0)
    expect(Buffer.concat(receiver.accept(0, text.subarray(0, 100), true, 60)).length).toBe(60)
    expect([receiver.next, receiver.finished]).toEqual([60, false])
    expect(receiver.accept(200, text.subarray(200, 300), false, 60)).toEqual([])
    expect(receiver.accept(60, text.subarray(60, 200), false, 140)[0]?.length).toBe(140)
    expect(receiver.next).toBe(200)
  })

  test('out of order are held up to a limit, and sent again when they were not', () => {
    const receiver = new Receiver(0)
    for (let at = 2; at < 1000; at += 2) receiver.accept(at, text.subarray(at, at + 1), false, 65_535)
    const got = [0, 1].flatMap((at) => receiver.accept(at, text.subarray(at, at + 1), false, 65_535))
    for (let at = 2; at < 1000; at += 1) got.push(...receiver.accept(at, text.subarray(at, at + 1), false, 65_535))
    expect(Buffer.concat(got).equals(text)).toBe(true)
  })
})

describe('the time to wait for an acknowledgment', () => {
  test('follows what was measured, doubles while nothing comes, within limits', () => {
    const time = new RoundTrip()
    expect(time.timeout).toBe(1000)
    time.measured(300)
    expect(time.timeout).toBe(300 + 4 * 150)
    time.timedOut()
    expect(time.timeout).toBe(1800)
    for (let count = 0; count < 20; count += 1) time.timedOut()
    expect(time.timeout).toBe(10_000)
    time.progressed()
    for (let count = 0; count < 100; count += 1) time.measured(1)
    expect(time.timeout).toBe(200)
  })
})
