import { expect, test } from 'vitest'
import { processorTime } from './processor-time.ts'

test('what this process uses is counted', async () => {
  const before = (await processorTime(process.pid)) ?? Number.NaN
  expect(before).toBeGreaterThan(0)
  const { user, system } = process.cpuUsage()
  // Both count from the start of the process, one in ticks; the other goes on meanwhile.
  expect(Math.abs(before - (user + system) / 1000)).toBeLessThan(before / 2 + 1000)
  for (let used = 0; used < 50_000; used = process.cpuUsage({ user, system }).user);
  expect(await processorTime(process.pid)).toBeGreaterThan(before)
})

test('of a process that is not there nothing is known', async () => {
  expect(await processorTime(2 ** 30)).toBeUndefined()
})
