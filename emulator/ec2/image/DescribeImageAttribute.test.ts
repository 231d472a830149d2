import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, type TestCloud } from '../../cloud.harness.ts'
import { registerEbs } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const images = {
  eucalyptus: await eucalyptus.register({ virtualization: 'paravirtual', parameters: { Description: 'a root' } }),
  aws: await aws.register({ virtualization: 'paravirtual', parameters: { Description: 'a root' } }),
}

test('shape: without an attribute', async () =>
  expect(await eucalyptus.refusal('DescribeImageAttribute', { ImageId: images.eucalyptus })).toBe(
    '400 MissingParameter: The request must contain the parameter Attribute',
  ))

describe('refusals', () => {
  test.each([
    [
      'what is no image id',
      'i-12345678',
      '500 InternalFailure: Invalid id: "i-12345678"',
      '400 InvalidAMIID.Malformed: Invalid id: "i-12345678"',
    ],
    [
      'an image that is not there',
      'emi-12345678',
      "400 InvalidAMIID.NotFound: The image ID 'emi-12345678' does not exist",
      "400 InvalidAMIID.NotFound: The image id '[emi-12345678]' does not exist",
    ],
  ])('%s', async (_title, ImageId, inEucalyptus, inAws) => {
    const parameters = { ImageId, Attribute: 'description' }
    expect(await eucalyptus.refusal('DescribeImageAttribute', parameters)).toBe(inEucalyptus)
    expect(await aws.refusal('DescribeImageAttribute', parameters)).toBe(inAws)
  })

  test.each(['bootMode', 'constructor'])('the attribute %s in eucalyptus', async (Attribute) =>
    expect(await eucalyptus.refusal('DescribeImageAttribute', { ImageId: images.eucalyptus, Attribute })).toBe(
      '500 InternalFailure: invalid image attribute request.',
    ),
  )

  test('an unknown attribute in aws', async () =>
    expect(await aws.refusal('DescribeImageAttribute', { ImageId: images.aws, Attribute: 'colour' })).toBe(
      '400 InvalidParameterValue: Value (colour) for parameter attribute is invalid. Unknown attribute.',
    ))

  test('the devices in aws, of which DescribeImages tells', async () => {
    for (const ImageId of [images.aws, await registerEbs(aws)]) {
      expect(await aws.refusal('DescribeImageAttribute', { ImageId, Attribute: 'blockDeviceMapping' })).toBe(
        '403 AuthFailure: Unauthorized attempt to access restricted resource',
      )
    }
  })

  test("another account's, which in aws it may not even know of", async () => {
    const [alice, bob] = [await eucalyptus.account('alice'), await aws.account('bob')]
    const asked = (ImageId: string) => ({ ImageId, Attribute: 'launchPermission' })
    expect(await eucalyptus.refusal('DescribeImageAttribute', asked(images.eucalyptus), alice)).toBe(
      '500 InternalFailure: Not authorized to describe image attribute',
    )
    expect(await aws.refusal('DescribeImageAttribute', asked(images.aws), bob)).toMatch(/^400 InvalidAMIID.NotFound/)
    await aws.call('ModifyImageAttribute', { ImageId: images.aws, 'LaunchPermission.Add.1.Group': 'all' })
    expect(await aws.refusal('DescribeImageAttribute', asked(images.aws), bob)).toBe(
      `403 AuthFailure: Not authorized for image:${images.aws}`,
    )
  })
})

const read = (it: TestCloud, ImageId: string, Attribute: string) =>
  it.call('DescribeImageAttribute', { ImageId, Attribute }).then((answer) => deep(answer, Attribute))

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('kernel, ramdisk, description in %s', async (fidelity) => {
    const [it, id] = [clouds[fidelity], images[fidelity]]
    const record = it.cloud.images.get(id)
    expect(await it.call('DescribeImageAttribute', { ImageId: id, Attribute: 'kernel' })).toMatchObject({ imageId: id })
    expect(await read(it, id, 'kernel')).toEqual({ value: record?.kernelId })
    expect(await read(it, id, 'ramdisk')).toEqual({ value: record?.ramdiskId })
    expect(await read(it, id, 'description')).toEqual({ value: 'a root' })
    expect(await read(it, id, 'productCodes')).toBe('')
    expect(await read(it, await it.register(), 'kernel')).toBeUndefined()
  })

  test('the devices of an instance-store image: always the same in eucalyptus', async () => {
    expect(await read(eucalyptus, await eucalyptus.register(), 'blockDeviceMapping')).toEqual([
      { virtualName: 'ami', deviceName: 'sda1' },
      { virtualName: 'ephemeral0', deviceName: 'sda2' },
      { virtualName: 'swap', deviceName: 'sda3' },
      { virtualName: 'root', deviceName: '/dev/sda1' },
    ])
  })

  test('the devices of an EBS image in eucalyptus', async () => {
    const more = {
      'BlockDeviceMapping.2.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.2.VirtualName': 'ephemeral0',
      'BlockDeviceMapping.3.DeviceName': '/dev/sdc',
      'BlockDeviceMapping.3.Ebs.VolumeSize': '3',
    }
    const ephemeral = { deviceName: '/dev/sdb', virtualName: 'ephemeral0' }
    const volume = { deviceName: '/dev/sdc', ebs: { volumeSize: '3', deleteOnTermination: 'false' } }
    expect(await read(eucalyptus, await registerEbs(eucalyptus, more), 'blockDeviceMapping')).toMatchObject([
      { virtualName: 'ami', deviceName: '/dev/sda' },
      { virtualName: 'root', deviceName: '/dev/sda' },
      ephemeral,
      { virtualName: 'ebs1', ...volume },
    ])
  })

  test('the boot mode, in aws', async () => {
    const image = await aws.register({ parameters: { BootMode: 'uefi-preferred' } })
    expect(await read(aws, image, 'bootMode')).toEqual({ value: 'uefi-preferred' })
    expect(await read(aws, image, 'sriovNetSupport')).toBeUndefined()
  })
})
