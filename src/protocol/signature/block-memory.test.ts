import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { blockMemory, blockSize } from './block-memory.ts'

const most = 4

test('the first blocks lie apart in one memory, at pages; what comes then has memory of its own', () => {
  const memory = blockMemory(most)
  const blocks = Array.from({ length: most + 2 }, () => memory())
  expect(blocks.every((block) => block.length === blockSize && block.buffer instanceof SharedArrayBuffer)).toBe(true)
  const [first, ...others] = blocks.slice(0, most)
  expect(others.every((block) => block.buffer === first?.buffer)).toBe(true)
  expect(new Set([first, ...others].map((block) => block?.byteOffset)).size).toBe(most)
  expect(blocks.every((block) => block.byteOffset % 4096 === 0)).toBe(true)
  expect(new Set(blocks.map((block) => block.buffer)).size).toBe(3)
})

test('a block that nothing refers to any more is given again', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const memory = blockMemory(most)
  const kept = memory()
  const take = () => memory().buffer === kept.buffer
  for (let index = 1; index < most; index++) expect(take()).toBe(true)
  await vi.waitFor(() => {
    collect()
    expect(take()).toBe(true)
  })
})
