import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('eucalyptus does not know the parameter', async () => {
  const sent = { Name: 'refused', ImageLocation: await eucalyptus.upload(), BootMode: 'legacy-bios' }
  expect(await eucalyptus.refusal('RegisterImage', sent)).toBe(
    '400 400 Bad Request: Failed to bind the following fields:\nBootMode',
  )
})

describe('in aws', () => {
  test.each(['grub', 'UEFI'])('%s is refused', async (BootMode) => {
    const sent = { Name: 'refused', VirtualizationType: 'hvm', ImageLocation: await aws.upload(), BootMode }
    expect(await aws.refusal('RegisterImage', sent)).toBe(
      `400 InvalidParameterValue: Value (${BootMode}) for parameter BootMode is invalid.`,
    )
  })

  test.each(['uefi', 'uefi-preferred'])(
    '%s is refused for a paravirtual image, which has no boot loader',
    async (mode) => {
      const parameters = { BootMode: mode }
      await expect(aws.register({ virtualization: 'paravirtual', parameters })).rejects.toMatchObject({
        code: 'InvalidParameterCombination',
        message: `The boot mode ${mode} is supported only by images of virtualization type hvm`,
      })
    },
  )

  test('legacy-bios is taken for a paravirtual image', async () => {
    const id = await aws.register({ virtualization: 'paravirtual', parameters: { BootMode: 'legacy-bios' } })
    expect(aws.cloud.images.get(id)?.bootMode).toBe('legacy-bios')
  })

  test.each(['legacy-bios', 'uefi', 'uefi-preferred'])('%s is shown', async (bootMode) => {
    const id = await aws.register({ parameters: { BootMode: bootMode } })
    expect(deep(await aws.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')).toMatchObject({ bootMode })
  })
})
