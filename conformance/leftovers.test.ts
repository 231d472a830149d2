import { expect, test } from 'vitest'
import { createLeftovers } from './leftovers.ts'

test('what is not removed when the time is over is named, last made first, and nothing more is begun', async () => {
  const removed: string[] = []
  const { later, clear, giveUp } = createLeftovers((label) => removed.push(label))
  let finish: () => void = () => undefined
  later('first', async () => undefined)
  later('second', () => new Promise<void>((resolve) => (finish = resolve)))
  later('third', () => Promise.reject(new Error('it is not empty')))
  later('fourth', async () => undefined)
  const cleared = clear()
  await expect.poll(() => removed).toEqual(['fourth'])
  expect(giveUp('too late')).toEqual(['third: it is not empty', 'second: too late', 'first: too late'])
  finish()
  await cleared
  expect(removed).toEqual(['fourth', 'second'])
})
