import { describe, expect, test, vi } from 'vitest'
import { createTasks } from './tasks.ts'

/** A promise to be resolved from outside. */
function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('createTasks', () => {
  test('idle waits for every job, those that jobs start included', async () => {
    const tasks = createTasks(vi.fn())
    const [first, second] = [deferred(), deferred()]
    const done: string[] = []
    tasks.start('first', async () => {
      await first.promise
      done.push('first')
      tasks.start('second', () => second.promise.then(() => void done.push('second')))
      second.resolve()
    })
    const idle = tasks.idle().then(() => done.push('idle'))
    first.resolve()
    await idle
    expect(done).toEqual(['first', 'second', 'idle'])
  })

  test.each([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws at once',
      () => {
        throw new Error('broken')
      },
    ],
  ])('reports a job that %s, by its name, and stays usable', async (_how, run) => {
    const report = vi.fn()
    const tasks = createTasks(report)
    tasks.start('unbundle emi-1', run)
    await tasks.idle()
    expect(report.mock.calls).toEqual([['unbundle emi-1', new Error('broken')]])
    const later = vi.fn(async () => {})
    tasks.start('later', later)
    await tasks.idle()
    expect(later).toHaveBeenCalledOnce()
  })

  test('stop aborts, waits until the jobs have ended, and reports none of them', async () => {
    const report = vi.fn()
    const tasks = createTasks(report)
    const [started, cleaned] = [deferred(), deferred()]
    let isEnded = false
    tasks.start('boot', async (signal) => {
      started.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      await cleaned.promise
      isEnded = true
      throw signal.reason
    })
    await started.promise
    const stopped = tasks.stop().then(() => isEnded)
    cleaned.resolve()
    await expect(stopped).resolves.toBe(true)
    expect(report).not.toHaveBeenCalled()
  })

  test('a job that has not begun when stop is called never does', async () => {
    const tasks = createTasks(vi.fn())
    const run = vi.fn(async () => {})
    tasks.start('boot', run)
    await tasks.stop()
    expect(run).not.toHaveBeenCalled()
  })

  test('starts nothing after stop', async () => {
    const tasks = createTasks(vi.fn())
    await tasks.stop()
    const run = vi.fn(async () => {})
    tasks.start('too late', run)
    await tasks.idle()
    expect(run).not.toHaveBeenCalled()
  })
})
