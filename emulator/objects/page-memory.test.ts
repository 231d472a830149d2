import { expect, it } from 'vitest'
import { createPageMemory } from './page-memory.ts'

/** A memory whose pages are numbered as they are read. */
function numbered() {
  const memory = createPageMemory<number>(64)
  let read = 0
  const page = (bucket: string, question = '') => {
    return memory.recall(bucket, question, () => {
      read += 1
      return read
    })
  }
  return { ...memory, page }
}

it('remembers the page of each question about each bucket', () => {
  const { page } = numbered()
  expect([page('a'), page('a', '/'), page('b'), page('a'), page('a', '/'), page('b')]).toEqual([1, 2, 3, 1, 2, 3])
})

it('forgets a bucket when a write begins, and remembers nothing of it until all are seen', () => {
  const { page, writing, written } = numbered()
  expect([page('a'), page('b')]).toEqual([1, 2])
  writing('a')
  writing('a')
  expect([page('a'), page('a'), page('b')]).toEqual([3, 4, 2])
  written('a')
  expect([page('a'), page('a')]).toEqual([5, 6])
  written('a')
  expect([page('a'), page('a'), page('b')]).toEqual([7, 7, 2])
})

it('does not keep what was read while a write was under way', () => {
  const { page, writing, written } = numbered()
  writing('a')
  expect(page('a')).toBe(1)
  written('a')
  expect(page('a')).toBe(2)
})

it('has room for so many pages only', () => {
  const { page } = numbered()
  for (let question = 0; question < 1000; question += 1) page(`bucket ${question % 10}`, String(question))
  const again = Array.from({ length: 1000 }, (_, question) => page(`bucket ${question % 10}`, String(question)))
  expect(again.filter((number) => number <= 1000).length).toBeLessThanOrEqual(64)
})
