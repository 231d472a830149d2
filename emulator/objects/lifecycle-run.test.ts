import { expect, it, vi } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { runLifecycles } from './lifecycle-run.ts'

const start = new Date('2026-01-01T12:00:00Z')
const day = 86_400_000
const settled = () => new Promise(setImmediate)

it('runs at once and then at every midnight of UTC, until it is stopped', async () => {
  const clock = manualClock(start)
  const runs: string[] = []
  const stop = runLifecycles({
    objects: { endExpired: async () => void runs.push(clock.now().toISOString().slice(5, 16)) },
    clock,
    day,
  })
  await settled()
  await clock.advance(2 * day)
  expect(runs).toEqual(['01-01T12:00', '01-02T00:00', '01-03T00:00'])
  await stop()
  await clock.advance(2 * day)
  expect(runs).toHaveLength(3)
})

it('a run that fails is told of, and the next one comes', async () => {
  const logged = vi.spyOn(console, 'error').mockReturnValue()
  const clock = manualClock(start)
  const endExpired = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('full')).mockResolvedValue()
  const stop = runLifecycles({ objects: { endExpired }, clock, day })
  await settled()
  await clock.advance(day)
  await stop()
  expect(endExpired).toHaveBeenCalledTimes(2)
  expect(logged).toHaveBeenCalledExactlyOnceWith('lifecycles of buckets:', new Error('full'))
  logged.mockRestore()
})

it('stopping waits for the run that is under way', async () => {
  let finish = () => {}
  const endExpired = () =>
    new Promise<void>((resolve) => {
      finish = resolve
    })
  const stop = runLifecycles({ objects: { endExpired }, clock: manualClock(start), day })
  const order: string[] = []
  const stopped = stop().then(() => order.push('stopped'))
  await settled()
  order.push('finished')
  finish()
  await stopped
  expect(order).toEqual(['finished', 'stopped'])
})
