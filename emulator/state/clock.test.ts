import { describe, expect, test } from 'vitest'
import { type Clock, manualClock, systemClock } from './clock.ts'

const clocks: [string, () => Clock][] = [
  ['systemClock', () => systemClock],
  ['manualClock', () => manualClock()],
]

describe.each(clocks)('%s', (_name, make) => {
  test('refuses a sleep whose signal is aborted already, with its reason', async () => {
    const reason = new Error('no time')
    await expect(make().sleep(1_000_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('ends a sleep with the reason when the signal is aborted', async () => {
    const control = new AbortController()
    const reason = new Error('enough')
    const asleep = make().sleep(1_000_000, control.signal)
    control.abort(reason)
    await expect(asleep).rejects.toBe(reason)
  })

  test('never goes back', () => {
    const clock = make()
    const earlier = clock.monotonic()
    expect(clock.monotonic()).toBeGreaterThanOrEqual(earlier)
    expect(clock.now()).toBeInstanceOf(Date)
  })
})

test('systemClock sleeps no shorter than asked', async () => {
  const start = systemClock.monotonic()
  // The timer alone does not keep a process alive; vitest's does here.
  await systemClock.sleep(20)
  // Timers count whole milliseconds.
  expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(19)
})

describe('manualClock', () => {
  test('stands still until it is advanced', async () => {
    const clock = manualClock(new Date('2020-02-29T00:00:00Z'))
    expect([clock.now().toISOString(), clock.monotonic()]).toEqual(['2020-02-29T00:00:00.000Z', 0])
    await clock.advance(1500)
    expect([clock.now().toISOString(), clock.monotonic()]).toEqual(['2020-02-29T00:00:01.500Z', 1500])
  })

  test('wakes sleepers in the order of their time, each at its own time, and not too early', async () => {
    const clock = manualClock()
    const woken: [string, number][] = []
    const sleeper = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds)
      woken.push([name, clock.monotonic()])
    }
    void Promise.all([sleeper('last', 300), sleeper('first', 100), sleeper('second', 100), sleeper('later', 301)])
    await clock.advance(300)
    expect(woken).toEqual([
      ['first', 100],
      ['second', 100],
      ['last', 300],
    ])
  })

  test('wakes within one advance what goes to sleep again during it', async () => {
    const clock = manualClock()
    const ticks: number[] = []
    const ticking = (async () => {
      for (let tick = 0; tick < 3; tick += 1) {
        await clock.sleep(10)
        ticks.push(clock.monotonic())
      }
    })()
    await clock.advance(30)
    await ticking
    expect(ticks).toEqual([10, 20, 30])
  })

  test('forgets an aborted sleeper and still wakes the others', async () => {
    const clock = manualClock()
    const control = new AbortController()
    const aborted = clock.sleep(10, control.signal)
    const other = clock.sleep(10).then(() => 'woken')
    control.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    await clock.advance(10)
    await expect(other).resolves.toBe('woken')
  })
})
