import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, theText } from '../../cloud.harness.ts'
import { attach, makeVolume, registerEbs } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

type Name = keyof typeof clouds
const plain: Record<Name, string> = { eucalyptus: '', aws: '' }
const ebs: Record<Name, string> = { eucalyptus: '', aws: '' }

const read = (name: Name, InstanceId: string, Attribute: string) =>
  clouds[name].call('DescribeInstanceAttribute', { InstanceId, Attribute })

beforeAll(async () => {
  for (const name of ['eucalyptus', 'aws'] as const) {
    const it = clouds[name]
    const ImageId = await it.register({ virtualization: 'paravirtual' })
    plain[name] = await it.run({ ImageId, DisableApiTermination: 'true', UserData: 'aGVsbG8=' })
    ebs[name] = await it.run({ ImageId: await registerEbs(it), InstanceInitiatedShutdownBehavior: 'terminate' })
    await it.idle()
    await attach(it, await makeVolume(it), ebs[name])
  }
})

describe('refusals', () => {
  test.each<[string, Record<string, string>, string, string]>([
    [
      'without an attribute',
      { InstanceId: 'i-12345678' },
      '400  MissingParameter: Attribute parameter is required',
      '400 MissingParameter: The request must contain the parameter attribute',
    ],
    [
      'of an instance that is not there',
      { InstanceId: 'i-12345678', Attribute: 'kernel' },
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    ],
  ])('%s', async (_title, parameters, eucalyptus, aws) => {
    expect(await clouds.eucalyptus.refusal('DescribeInstanceAttribute', parameters)).toBe(eucalyptus)
    expect(await clouds.aws.refusal('DescribeInstanceAttribute', parameters)).toBe(aws)
  })

  test('of an unknown attribute', async () => {
    const refusal = (name: Name) =>
      clouds[name].refusal('DescribeInstanceAttribute', { InstanceId: plain[name], Attribute: 'toString' })
    expect(await refusal('eucalyptus')).toBe(
      `400 InvalidInstanceID.NotFound: The instance ID '${plain.eucalyptus}' does not exist`,
    )
    expect(await refusal('aws')).toBe(
      '400 InvalidParameterValue: Value (toString) for parameter attribute is invalid. Unknown attribute.',
    )
  })

  test("of another account's instance", async () => {
    const user = await clouds.aws.account('stranger')
    const asked = { InstanceId: plain.aws, Attribute: 'userData' }
    expect(await clouds.aws.refusal('DescribeInstanceAttribute', asked, user)).toContain('InvalidInstanceID.NotFound')
  })
})

describe('answers', () => {
  test.each<[string, unknown, unknown]>([
    ['disableApiTermination', { value: 'true' }, { value: 'true' }],
    ['ebsOptimized', { value: 'false' }, { value: 'false' }],
    ['groupSet', [{ groupName: 'default' }], [{ groupName: 'default' }]],
    ['instanceInitiatedShutdownBehavior', { value: 'stop' }, { value: 'terminate' }],
    ['instanceType', { value: 'm1.small' }, { value: 'm1.small' }],
    ['rootDeviceName', { value: '/dev/sda1' }, { value: '/dev/sda1' }],
    ['sourceDestCheck', { value: 'true' }, { value: 'true' }],
    ['userData', { value: 'aGVsbG8=' }, { value: 'aGVsbG8=' }],
  ])('%s', async (attribute, eucalyptus, aws) => {
    const expected = { eucalyptus, aws }
    for (const name of ['eucalyptus', 'aws'] as const) {
      const answer = await read(name, plain[name], attribute)
      expect(theText(answer, 'instanceId')).toBe(plain[name])
      const value = Array.isArray(expected[name]) ? items(answer, attribute) : deep(answer, attribute)
      expect(value).toMatchObject(expected[name] as object)
    }
  })

  test('kernel and ramdisk, where there are some', async () => {
    const { kernelId, ramdiskId } = clouds.aws.cloud.instances.get(plain.aws)!
    expect(deep(await read('aws', plain.aws, 'kernel'), 'kernel', 'value')).toBe(kernelId)
    expect(deep(await read('aws', plain.aws, 'ramdisk'), 'ramdisk', 'value')).toBe(ramdiskId)
    expect(deep(await read('aws', ebs.aws, 'kernel'), 'kernel')).toBeUndefined()
  })

  test('what a launch asked for at power-off, in aws', async () => {
    const behavior = async (name: Name) =>
      deep(await read(name, ebs[name], 'instanceInitiatedShutdownBehavior'), 'instanceInitiatedShutdownBehavior')
    expect(await behavior('aws')).toEqual({ value: 'terminate' })
    expect(await behavior('eucalyptus')).toEqual({ value: 'stop' })
  })

  test('volumes: those of the launch in eucalyptus, all in aws', async () => {
    const devices = async (name: Name) =>
      items(await read(name, ebs[name], 'blockDeviceMapping'), 'blockDeviceMapping').map((one) =>
        theText(one, 'deviceName'),
      )
    expect(await devices('eucalyptus')).toEqual(['/dev/sda'])
    expect(await devices('aws')).toEqual(['/dev/sda', '/dev/sdf'])
  })
})
