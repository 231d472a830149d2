import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { diskOf, streamOptimised } from './vmdk.ts'

const grain = 64 * 1024

test.each([
  ['one sector', randomBytes(512)],
  ['a last grain that is not full', randomBytes(3 * grain - 512)],
  ['holes', Buffer.concat([randomBytes(grain), Buffer.alloc(600 * grain), randomBytes(grain)])],
  ['nothing but zeros', Buffer.alloc(5 * grain)],
])('%s comes back', (_title, disk) => {
  const vmdk = streamOptimised(disk)
  expect(vmdk.length % 512).toBe(0)
  expect(vmdk.length).toBeLessThan(disk.filter((byte) => byte !== 0).length + 100 * 1024)
  expect(diskOf(vmdk, disk.length).equals(disk)).toBe(true)
  expect(diskOf(vmdk, 512).equals(disk.subarray(0, 512))).toBe(true)
})

test('what is no VMDK is not read', () => expect(() => diskOf(Buffer.alloc(512), 512)).toThrow('this is no VMDK'))
