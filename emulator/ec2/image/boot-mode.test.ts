import { afterAll, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('eucalyptus does not know the parameter', async () => {
  const sent = { Name: 'refused', ImageLocation: await eucalyptus.upload(), BootMode: 'legacy-bios' }
  expect(await eucalyptus.refusal('RegisterImage', sent)).toBe(
    '400 400 Bad Request: Failed to bind the following fields:\nBootMode',
  )
})

test.each([
  ['uefi', /^400 UnsupportedOperation: The boot mode uefi is not supported by this cloud/],
  ['grub', /^400 InvalidParameterValue: Value \(grub\) for parameter BootMode is invalid\.$/],
])('in aws %s is refused', async (BootMode, refusal) => {
  const sent = { Name: 'refused', VirtualizationType: 'hvm', ImageLocation: await aws.upload(), BootMode }
  expect(await aws.refusal('RegisterImage', sent)).toMatch(refusal)
})

test.each(['legacy-bios', 'uefi-preferred'])('in aws %s is shown', async (bootMode) => {
  const id = await aws.register({ parameters: { BootMode: bootMode } })
  expect(deep(await aws.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')).toMatchObject({ bootMode })
})
