import { expect, test } from 'vitest'
import { type Clock, manualClock } from '../state/clock.ts'
import { Alarm } from './alarm.ts'

function counted() {
  const clock = manualClock()
  const seen = { sleeps: 0, rings: [] as number[] }
  const counting: Clock = {
    ...clock,
    sleep: (milliseconds, signal) => {
      seen.sleeps += 1
      return clock.sleep(milliseconds, signal)
    },
  }
  const alarm = new Alarm(counting, () => seen.rings.push(clock.monotonic()))
  return { clock, alarm, seen }
}

test('rings once, when the last deadline is reached, and sleeps little for one that moves', async () => {
  const { clock, alarm, seen } = counted()
  for (let time = 0; time < 1000; time += 10) {
    alarm.set(200)
    await clock.advance(10)
  }
  expect([seen.rings, alarm.isSet]).toEqual([[], true])
  await clock.advance(10_000)
  expect([seen.rings, alarm.isSet]).toEqual([[1190], false])
  expect(seen.sleeps).toBeLessThan(10)
})

test('rings earlier when it is set so', async () => {
  const { clock, alarm, seen } = counted()
  alarm.set(1000)
  alarm.set(10)
  await clock.advance(2000)
  expect(seen.rings).toEqual([10])
})

test.each(['clear', 'close'] as const)('does not ring after %s, and can be set again', async (how) => {
  const { clock, alarm, seen } = counted()
  alarm.set(100)
  alarm[how]()
  await clock.advance(1000)
  expect(seen.rings).toEqual([])
  alarm.set(100)
  await clock.advance(1000)
  expect(seen.rings).toEqual([1100])
})
