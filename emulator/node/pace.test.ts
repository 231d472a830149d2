import { expect, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { paceOf, slowed } from './pace.ts'

test.each([
  [0, 1],
  [91, 1],
  [250, 1],
  [400, 1.6],
  [1_000, 4],
  [60_000, 8],
])('a host whose probe takes %i ms has the pace %f', (milliseconds, pace) => {
  expect(paceOf(milliseconds)).toBe(pace)
})

test('a slowed clock sleeps longer and tells the same time', async () => {
  const clock = manualClock()
  const slow = slowed(clock, 4)
  let isAwake = false
  const sleeping = slow.sleep(1_000).then(() => {
    isAwake = true
  })
  await clock.advance(3_999)
  expect([isAwake, slow.monotonic(), slow.now()]).toEqual([false, 3_999, clock.now()])
  await clock.advance(1)
  await sleeping
  const abort = new AbortController()
  const broken = slow.sleep(1_000, abort.signal)
  abort.abort(new Error('changed my mind'))
  await expect(broken).rejects.toThrow('changed my mind')
})
