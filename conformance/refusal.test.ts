import { expect, test } from 'vitest'
import { ServiceError } from '../src/client/service-error.ts'
import { assertRefused, chosen, isTaken, refusal } from './refusal.ts'

const expected = refusal('NoSuchKey', 404, /does not exist/)
const refused = (code: string, status: number, message = 'The key does not exist') =>
  Promise.reject(new ServiceError(code, status, message))

test('the expected refusal is what is returned', async () =>
  expect(await assertRefused(refused('NoSuchKey', 404), expected)).toMatchObject({ code: 'NoSuchKey' }))

test.each([
  [
    'another code',
    () => refused('NoSuchBucket', 404),
    /expected the refusal NoSuchKey \(404\), but it is NoSuchBucket/,
  ],
  ['another status', () => refused('NoSuchKey', 400), /but it is NoSuchKey \(400\)/],
  ['another sentence', () => refused('NoSuchKey', 404, 'Go away'), /says "Go away"/],
  ['a success', () => Promise.resolve({ etag: 'x' }), /but it succeeded: \{"etag":"x"\}/],
])('%s fails', async (_, attempt, message) => {
  await expect(assertRefused(attempt(), expected)).rejects.toThrow(message)
})

test('any of several may be right, and nothing else is', async () => {
  const either = [expected, refusal('NoSuchKey', 404, /gone/), refusal('Gone', 410)]
  expect(await assertRefused(refused('Gone', 410), either)).toMatchObject({ code: 'Gone' })
  expect(await assertRefused(refused('NoSuchKey', 404, 'It is gone'), either)).toMatchObject({ code: 'NoSuchKey' })
  await expect(assertRefused(refused('NoSuchKey', 404, 'No'), either)).rejects.toThrow(
    /says "No", and not .* or .*gone/,
  )
  await expect(assertRefused(refused('Gone', 404), either)).rejects.toThrow(
    /NoSuchKey \(404\) or .*Gone \(410\), but it/,
  )
})

test('what is no refusal of the service is thrown on as it is', async () => {
  const broken = new Error('the connection broke')
  await expect(assertRefused(Promise.reject(broken), expected)).rejects.toBe(broken)
  await expect(isTaken(Promise.reject(broken))).rejects.toBe(broken)
})

test('an attempt is taken or refused', async () => {
  expect([await isTaken(Promise.resolve()), await isTaken(refused('NoSuchKey', 404))]).toEqual([true, false])
})

test('a refusal may differ by fidelity', () => {
  const aws = refusal('InvalidManifest', 400)
  expect(chosen({ eucalyptus: expected, aws }, 'aws')).toBe(aws)
  expect(chosen(expected, 'aws')).toBe(expected)
})
