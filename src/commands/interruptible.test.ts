import { expect, test } from 'vitest'
import { interruptible } from './interruptible.ts'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s aborts the work once, and is listened for no longer',
  async (name) => {
    const before = process.listenerCount(name)
    const work = interruptible(async (signal) => {
      expect(process.listenerCount(name)).toBe(before + 1)
      process.emit(name, name)
      expect(process.listenerCount(name)).toBe(before)
      signal.throwIfAborted()
    })
    await expect(work).rejects.toMatchObject({ name: 'Interrupted', message: 'interrupted' })
  },
)

test('work that nobody interrupts resolves, and leaves no listeners', async () => {
  const before = process.listenerCount('SIGINT')
  expect(await interruptible(async ({ aborted }) => aborted)).toBe(false)
  expect(process.listenerCount('SIGINT')).toBe(before)
})
