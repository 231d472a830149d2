import { expect, test } from 'vitest'
import { untilAborted } from './until-aborted.ts'

const never = new Promise<never>(() => undefined)

test('what comes of a job is told, with a signal and without', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(1), signal)).toBe(1)
  await expect(untilAborted(Promise.reject(new Error('no')), undefined)).rejects.toThrow('no')
})

test('a job that never ends is left when the signal is aborted, before or meanwhile', async () => {
  const abort = new AbortController()
  const left = expect(untilAborted(never, abort.signal)).rejects.toThrow('enough')
  abort.abort(new Error('enough'))
  await left
  await expect(untilAborted(Promise.resolve(1), abort.signal)).rejects.toThrow('enough')
})
