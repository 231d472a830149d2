import { expect, test } from 'vitest'
import { byDefault, declaredIn } from './declared.ts'
import { foreign } from './levels.ts'

test('a Eucalyptus is taken to have all but what only its owner knows, AWS what all its accounts have', () => {
  const [eucalyptus, aws] = [byDefault('eucalyptus'), byDefault('aws')]
  expect(eucalyptus).toEqual(
    expect.arrayContaining(['s3', 'images', 'boots-paravirtual', 'bundle-instance', 'imports']),
  )
  expect(eucalyptus.filter((word) => [...foreign.eucalyptus, 'two-accounts', 'ssh'].includes(word))).toEqual([])
  expect(aws).toEqual(expect.arrayContaining(['s3', 'checksums', 'ebs', 'key-pairs']))
  expect(aws).not.toContain('signature-2')
})

test('a list of capabilities has commas between them, and none that there is not', () => {
  expect(declaredIn(' s3, ebs,,')).toEqual(['s3', 'ebs'])
  expect(() => declaredIn(' ,')).toThrow(/nothing to be tested/)
  expect(() => declaredIn('s3,flying')).toThrow(/capability "flying" is none of s3, /)
})
