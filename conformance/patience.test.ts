import { expect, test } from 'vitest'
import { until } from './patience.ts'

const patience = { seconds: 60, timeScale: 1 }

test('looks until what it sees is good', async () => {
  let count = 0
  const look = async () => {
    count += 1
    return count
  }
  expect(await until('three', look, (seen) => seen === 3, patience)).toBe(3)
  expect(count).toBe(3)
})

test('gives up when the scaled time is over, and says what it saw last', async () => {
  const look = async () => ({ state: 'pending' })
  const waiting = until('the instance', look, () => false, { seconds: 1, timeScale: 0.01 })
  await expect(waiting).rejects.toThrow(
    "the instance did not come within 0.01 seconds; last seen: { state: 'pending' }",
  )
})

test('a look or a judgement that throws ends the waiting at once', async () => {
  const broken = new Error('broken')
  await expect(
    until(
      'it',
      () => Promise.reject(broken),
      () => true,
      patience,
    ),
  ).rejects.toBe(broken)
  const judge = () => {
    throw broken
  }
  await expect(until('it', async () => 1, judge, patience)).rejects.toBe(broken)
})
