import { expect, test } from 'vitest'
import { interruptible } from './interruptible.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

test.each(signals)('%s aborts the work once, and is listened for no longer', async (name) => {
  const before = process.listenerCount(name)
  const all = signals.map((one) => process.listenerCount(one))
  const work = interruptible(async (signal) => {
    expect(process.listenerCount(name)).toBe(before + 1)
    process.emit(name, name)
    // The next of any kind is not caught any more: it ends the program.
    expect(signals.map((one) => process.listenerCount(one))).toEqual(all)
    signal.throwIfAborted()
  })
  await expect(work).rejects.toMatchObject({ name: 'Interrupted', message: 'interrupted' })
})

test('the program stays alive while it waits for the work, and no longer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  let finish: () => void = () => undefined
  const work = interruptible(() => new Promise<void>((resolve) => (finish = resolve)))
  expect(timers()).toBe(before + 1)
  finish()
  await work
  expect(timers()).toBe(before)
})

test('work that nobody interrupts resolves, and leaves no listeners', async () => {
  const before = process.listenerCount('SIGINT')
  expect(await interruptible(async ({ aborted }) => aborted)).toBe(false)
  expect(process.listenerCount('SIGINT')).toBe(before)
})
