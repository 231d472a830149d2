import { describe, expect, test } from 'vitest'
import { imageSpellings, instanceId, isImageId } from './ids.ts'

test.each([
  ['emi-12345678', true],
  ['ami-12345678', true],
  ['EKI-1234ABCD', true],
  ['ari-0123456789abcdef0', true],
  ['emi-1234567', false],
  ['emi-123456789', false],
  ['emi-1234567g', false],
  ['emi-12345678\n', false],
  ['xmi-12345678', false],
  ['i-12345678', false],
  ['', false],
])('%j is an image id: %s', (id, expected) => expect(isImageId(id)).toBe(expected))

test('both spellings of an image id, in lower case', () =>
  expect(imageSpellings('AMI-1234ABCD')).toEqual(['emi-1234abcd', 'ami-1234abcd']))

describe('instance ids', () => {
  test.each([
    ['i-1234ABCD', 'i-1234abcd'],
    ['I-0123456789ABCDEF0', 'i-0123456789abcdef0'],
  ])('%s', (id, expected) => expect(instanceId(id)).toBe(expected))

  test.each(['', 'i-', 'i-1234567', 'i-12345678x', 'emi-12345678', '../i-12345678'])('refuses %j', (id) =>
    expect(() => instanceId(id)).toThrow(`Invalid id: "${id}"`),
  )
})
