import { afterAll, describe, expect, test } from 'vitest'
import { items, testCloud, theText } from '../../cloud.harness.ts'

const it = await testCloud()
afterAll(it.close)
const alice = await it.account('alice')
const fingerprint = theText(await it.call('CreateKeyPair', { KeyName: 'one' }), 'keyFingerprint')
await it.call('CreateKeyPair', { KeyName: 'two' })
await it.call('CreateKeyPair', { KeyName: 'three' }, alice)

const names = async (parameters: Record<string, string>, as = it.administrator) =>
  items(await it.call('DescribeKeyPairs', parameters, as), 'keySet').map((pair) => theText(pair, 'keyName'))

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await it.refusal('DescribeKeyPairs', { KeyNames: 'x' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nKeyNames',
    ))
})

describe('refusals', () => {
  test.each([
    [
      'a pair that is not there',
      { 'KeyName.1': 'one', 'KeyName.2': 'four' },
      "400 InvalidKeyPair.NotFound: The key pair 'four' does not exist",
    ],
    [
      "another account's pair",
      { 'KeyName.1': 'three' },
      "400 InvalidKeyPair.NotFound: The key pair 'three' does not exist",
    ],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' },
      "500 InternalFailure: The filter 'colour' is invalid.",
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await it.refusal('DescribeKeyPairs', parameters)).toBe(refusal),
  )
})

describe('effect', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['own pairs', {}, ['one', 'two']],
    ['by name', { 'KeyName.1': 'two' }, ['two']],
    ['by filter', { 'Filter.1.Name': 'key-name', 'Filter.1.Value.1': 'o*' }, ['one']],
    ['by fingerprint', { 'Filter.1.Name': 'fingerprint', 'Filter.1.Value.1': fingerprint }, ['one']],
  ])('%s', async (_title, parameters, expected) => expect(await names(parameters)).toEqual(expected))

  test('each account has its own', async () => expect(await names({}, alice)).toEqual(['three']))
})
