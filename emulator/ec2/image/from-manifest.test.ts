import { afterAll, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test.each(['windows', 'vmlinuz', 'initrd'])('in aws a manifest of the name %s is that of any image', async (name) => {
  const id = await aws.register({ location: `names/${name}.manifest.xml` })
  const { kind, platform } = aws.cloud.images.get(id) ?? {}
  expect([kind, platform]).toEqual(['machine', undefined])
})

test('in aws a bundle has several ephemeral disks, in eucalyptus one', async () => {
  const disks = [1, 2].map((n) => [
    [`BlockDeviceMapping.${n}.DeviceName`, `/dev/sd${'abc'[n]}`],
    [`BlockDeviceMapping.${n}.VirtualName`, `ephemeral${n - 1}`],
  ])
  const parameters = Object.fromEntries(disks.flat())
  expect(await aws.register({ parameters })).toMatch(/^ami-/)
  await expect(eucalyptus.register({ parameters })).rejects.toThrow(/Only one ephemeral device is supported/)
})

test('in aws a request says nothing of the platform, and names have more characters', async () => {
  const asked = { Name: "It's [my] image @ 1", ImageLocation: await aws.upload(), VirtualizationType: 'hvm' }
  expect(await aws.refusal('RegisterImage', { ...asked, Platform: 'windows' })).toBe(
    '400 UnknownParameter: The parameter Platform is not recognized',
  )
  expect(await aws.call('RegisterImage', asked)).toHaveProperty('imageId')
  const there = { ...asked, ImageLocation: await eucalyptus.upload() }
  expect(await eucalyptus.refusal('RegisterImage', there)).toMatch(/^400 InvalidAMIName.Malformed: /)
})
