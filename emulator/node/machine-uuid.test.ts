import { expect, test } from 'vitest'
import { machineUuid } from './machine-uuid.ts'

test('a uuid begins with ec2, has the form of a random one and is always the same for its instance', () => {
  const uuid = machineUuid('i-12345678')
  expect(uuid).toMatch(/^ec2[0-9a-f]{5}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(machineUuid('i-12345678')).toBe(uuid)
  expect(machineUuid('i-12345679')).not.toBe(uuid)
})
