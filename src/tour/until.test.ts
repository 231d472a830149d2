import { expect, test } from 'vitest'
import { ProofFailed } from './proofs.ts'
import { until } from './until.ts'

const { signal } = new AbortController()

test('gives what was seen when it is so', async () => {
  let looks = 0
  const look = async () => ++looks
  expect(await until({ what: 'three', look, isSo: (seen) => seen === 3, signal })).toBe(3)
})

test.each([
  ['text as it is', 'GRUB error', 'GRUB error'],
  ['an answer as JSON', { state: 'pending' }, '{"state":"pending"}'],
])('fails with what was seen last: %s', async (_what, shown, seen) => {
  const waiting = until({ what: 'i-1 running', look: async () => shown, isSo: () => false, signal, within: 0 })
  const error = await waiting.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(ProofFailed)
  expect(error).toMatchObject({ message: 'i-1 running: not within 0 s', seen })
})

test('ends when it is told to, while it waits and before it looks', async () => {
  const told = new AbortController()
  const look = async () => told.abort()
  const aborted = { name: 'AbortError' }
  const asked = { what: 'never', isSo: () => false, signal: told.signal }
  await expect(until({ ...asked, look })).rejects.toMatchObject(aborted)
  let looked = false
  const lookAgain = async () => {
    looked = true
  }
  await expect(until({ ...asked, look: lookAgain })).rejects.toMatchObject(aborted)
  expect(looked).toBe(false)
})
