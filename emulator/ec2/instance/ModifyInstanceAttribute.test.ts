import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, type TestCloud, told } from '../../cloud.harness.ts'
import { createGroup } from '../group/group.harness.ts'
import { attach, makeVolume, registerEbs, stoppedInstance } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

type Name = keyof typeof clouds
const names = ['eucalyptus', 'aws'] as const
const stopped: Record<Name, string> = { eucalyptus: '', aws: '' }
const running: Record<Name, string> = { eucalyptus: '', aws: '' }

beforeAll(async () => {
  for (const name of names) {
    stopped[name] = (await stoppedInstance(clouds[name])).id
    running[name] = await clouds[name].run({ ImageId: await registerEbs(clouds[name]) })
    await clouds[name].idle()
  }
})

const modify = (name: Name, InstanceId: string, parameters: Record<string, string>) =>
  clouds[name].call('ModifyInstanceAttribute', { InstanceId, ...parameters })
const refusal = (name: Name, InstanceId: string, parameters: Record<string, string>) =>
  clouds[name].refusal('ModifyInstanceAttribute', { InstanceId, ...parameters })
const record = (name: Name, id: string) => clouds[name].cloud.instances.get(id)

describe('shape', () => {
  test('an instance that is not there', async () => {
    expect(await refusal('aws', 'i-12345678', { 'UserData.Value': '' })).toContain('400 InvalidInstanceID.NotFound')
    expect(await refusal('aws', 'nonsense', { 'UserData.Value': '' })).toContain('400 InvalidInstanceID.Malformed')
  })

  test('of several attributes eucalyptus takes the first, aws none', async () => {
    const both = { 'DisableApiTermination.Value': 'true', 'InstanceType.Value': 'm1.large' }
    expect(await modify('eucalyptus', stopped.eucalyptus, both)).toMatchObject({ return: 'true' })
    expect(record('eucalyptus', stopped.eucalyptus)).toMatchObject({
      disableApiTermination: true,
      instanceType: 'm1.small',
    })
    expect(await refusal('aws', stopped.aws, both)).toBe(
      '400 InvalidParameterCombination: Fields for multiple attribute types specified: DisableApiTermination, InstanceType',
    )
  })

  test('without an attribute', async () => {
    expect(await modify('eucalyptus', stopped.eucalyptus, {})).toMatchObject({ return: 'true' })
    expect(await refusal('eucalyptus', running.eucalyptus, {})).toContain('400 IncorrectInstanceState')
    expect(await refusal('aws', stopped.aws, {})).toBe('400 InvalidParameterCombination: No attributes specified.')
  })

  test('Attribute and Value are of aws alone', async () => {
    const asked = { Attribute: 'instanceType', Value: 'm1.medium' }
    expect(await refusal('eucalyptus', stopped.eucalyptus, asked)).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nAttribute',
    )
    await modify('aws', stopped.aws, asked)
    expect(record('aws', stopped.aws)?.instanceType).toBe('m1.medium')
    for (const [Attribute, code] of [
      ['groupId', 'InvalidParameterValue'],
      ['nonsense', 'InvalidParameterValue'],
      ['disableApiTermination', 'InvalidParameterValue'],
    ] as const) {
      expect(await refusal('aws', stopped.aws, { Attribute, Value: 'perhaps' })).toContain(code)
    }
  })
})

describe('while stopped only', () => {
  test.each([
    ['InstanceType.Value', 'm1.medium'],
    ['Kernel.Value', 'eki-12345678'],
    ['Ramdisk.Value', 'eri-12345678'],
    ['UserData.Value', 'aGVsbG8='],
  ])('%s', async (name, value) => {
    const { eucalyptus, aws } = running
    expect(await refusal('eucalyptus', eucalyptus, { [name]: value })).toBe(
      `400 IncorrectInstanceState: The instance (${eucalyptus}) is not in the 'stopped' state.`,
    )
    expect(await refusal('aws', aws, { [name]: value })).toBe(
      `400 IncorrectInstanceState: The instance '${aws}' is not in the 'stopped' state.`,
    )
  })

  test('the type counts from the next start', async () => {
    const it = await freshCloud()
    const { id } = await stoppedInstance(it)
    await it.call('ModifyInstanceAttribute', { InstanceId: id, 'InstanceType.Value': 't2.small' })
    await it.call('StartInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.hypervisor.machine(id).spec).toMatchObject({ memoryMiB: 2048, cpus: 1 })
  })

  test('a type that has no room is refused at the start', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const { id } = await stoppedInstance(it)
    await it.call('ModifyInstanceAttribute', { InstanceId: id, 'InstanceType.Value': 't2.large' })
    expect(await it.refusal('StartInstances', { 'InstanceId.1': id })).toContain('500 InsufficientInstanceCapacity')
    expect(await told(it, id)).toContain('stopped')
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'an unknown type',
      { 'InstanceType.Value': 'huge' },
      "400 InvalidInstanceAttributeValue: The instanceType 'huge' is invalid.",
    ],
    [
      'an unknown kernel',
      { 'Kernel.Value': 'eki-12345678' },
      '400 InvalidAMIID.NotFound: Image id (eki-12345678) not found',
    ],
    ['what is no ramdisk', { 'Ramdisk.Value': '' }, '400 InvalidAMIID.NotFound: Image id () not found'],
    ['user data that is not base64', { 'UserData.Value': '!' }, '400 InvalidParameterValue: User data decoding error.'],
    [
      'user data that is too long',
      { 'UserData.Value': Buffer.alloc(16_385).toString('base64') },
      '400 InvalidParameterValue: User data is limited to 16384 bytes',
    ],
  ])('not to %s', async (_title, parameters, expected) => {
    expect(await refusal('eucalyptus', stopped.eucalyptus, parameters)).toBe(expected)
  })

  test('to a kernel, a ramdisk, user data and none', async () => {
    const id = stopped.eucalyptus
    const [kernelId, ramdiskId] = [
      await clouds.eucalyptus.register({ kind: 'kernel' }),
      await clouds.eucalyptus.register({ kind: 'ramdisk' }),
    ]
    await modify('eucalyptus', id, { 'Kernel.Value': kernelId })
    await modify('eucalyptus', id, { 'Ramdisk.Value': ramdiskId })
    await modify('eucalyptus', id, { 'UserData.Value': 'aGVsbG8=' })
    expect(record('eucalyptus', id)).toMatchObject({ kernelId, ramdiskId, userData: 'aGVsbG8=' })
    await modify('eucalyptus', id, { 'UserData.Value': '' })
    expect(record('eucalyptus', id)).not.toHaveProperty('userData')
  })
})

describe('at any time', () => {
  test('the termination protection', async () => {
    for (const name of names) {
      await modify(name, running[name], { 'DisableApiTermination.Value': 'true' })
      expect(await clouds[name].refusal('TerminateInstances', { 'InstanceId.1': running[name] })).toContain(
        'OperationNotPermitted',
      )
      await modify(name, running[name], { 'DisableApiTermination.Value': 'false' })
      expect(record(name, running[name])?.disableApiTermination).toBe(false)
    }
  })

  test.each<[string, string, string]>([
    ['SourceDestCheck.Value', 'false', 'sourceDestCheck cannot be false'],
    ['EbsOptimized.Value', 'true', 'ebsOptimized cannot be true'],
    ['SriovNetSupport.Value', 'simple', 'sriovNetSupport cannot be simple'],
  ])('%s is without effect in eucalyptus, refused in aws', async (name, value, sentence) => {
    const before = record('eucalyptus', running.eucalyptus)
    await modify('eucalyptus', running.eucalyptus, { [name]: value })
    expect(record('eucalyptus', running.eucalyptus)).toEqual(before)
    expect(await refusal('aws', running.aws, { [name]: value })).toBe(
      `400 UnsupportedOperation: The attribute ${sentence} in this cloud`,
    )
  })

  test('what is so already may be asked for in aws', async () => {
    expect(await modify('aws', running.aws, { 'SourceDestCheck.Value': 'true' })).toMatchObject({ return: 'true' })
    expect(await modify('aws', running.aws, { 'EbsOptimized.Value': 'false' })).toMatchObject({ return: 'true' })
  })

  test('the groups in aws, at once for its traffic; without a VPC never', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const id = await it.run()
    await it.idle()
    const changed = vi.spyOn(it.cloud.network, 'rulesChanged')
    const group = await createGroup(it, 'web')
    await it.call('ModifyInstanceAttribute', { InstanceId: id, 'GroupId.1': group })
    expect(it.cloud.instances.get(id)?.groupIds).toEqual([group])
    expect(changed).toHaveBeenCalledTimes(1)
    expect(await it.refusal('ModifyInstanceAttribute', { InstanceId: id, 'GroupId.1': 'sg-12345678' })).toContain(
      'InvalidGroup.NotFound',
    )
    expect(await refusal('eucalyptus', running.eucalyptus, { 'GroupId.1': 'sg-12345678' })).toBe(
      '400 InvalidGroup.NotFound: Security group (sg-12345678) not found',
    )
  })
})

describe('volumes', () => {
  const flags = (it: TestCloud, id: string) =>
    it.cloud.volumes
      .list()
      .filter(({ attachment }) => attachment?.instanceId === id)
      .map(({ attachment }) => `${attachment?.device} ${attachment?.deleteOnTermination}`)

  test('end with their instance or not, as is said of each, also of those attached later', async () => {
    const it = await freshCloud()
    const id = await it.run({ ImageId: await registerEbs(it) })
    await it.idle()
    const volume = await makeVolume(it)
    await attach(it, volume, id)
    expect(flags(it, id)).toEqual(['/dev/sda false', '/dev/sdf false'])
    await it.call('ModifyInstanceAttribute', {
      InstanceId: id,
      'BlockDeviceMapping.1.DeviceName': '/dev/sda',
      'BlockDeviceMapping.2.DeviceName': '/dev/sdf',
      'BlockDeviceMapping.2.Ebs.DeleteOnTermination': 'true',
      'BlockDeviceMapping.2.Ebs.VolumeId': volume,
    })
    expect(flags(it, id)).toEqual(['/dev/sda true', '/dev/sdf true'])
    await it.call('ModifyInstanceAttribute', {
      InstanceId: id,
      'BlockDeviceMapping.1.DeviceName': '/dev/sda',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'false',
    })
    expect(flags(it, id)).toEqual(['/dev/sda false', '/dev/sdf true'])
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.cloud.volumes.get(volume)?.state ?? 'deleted').toBe('deleted')
  })

  test.each<[string, Record<string, string>, string]>([
    ['a device that is not there', { DeviceName: '/dev/sdz' }, 'No device is currently mapped at /dev/sdz'],
    [
      'a volume that is another',
      { DeviceName: '/dev/sda', 'Ebs.VolumeId': 'vol-12345678' },
      'Invalid volume (vol-12345678)',
    ],
  ])('%s is refused, and nothing is changed', async (_title, mapping, sentence) => {
    const parameters = Object.fromEntries(
      Object.entries(mapping).map(([name, value]) => [`BlockDeviceMapping.2.${name}`, value]),
    )
    const first = { 'BlockDeviceMapping.1.DeviceName': '/dev/sda' }
    const before = flags(clouds.aws, running.aws)
    expect(await refusal('aws', running.aws, { ...first, ...parameters })).toBe(
      `400 InvalidInstanceAttributeValue: ${sentence}`,
    )
    expect(flags(clouds.aws, running.aws)).toEqual(before)
  })
})

describe('shutdown behaviour', () => {
  const poweredOff = async (it: TestCloud, id: string, state: string) => {
    it.hypervisor.machine(id).powerOff()
    await vi.waitFor(() => expect(it.cloud.instances.get(id)?.state).toBe(state))
    await it.idle()
  }

  test.each<[Name, string]>([
    ['aws', 'terminated'],
    ['eucalyptus', 'stopped'],
  ])('terminate at power-off in %s: %s', async (fidelity, state) => {
    const it = await freshCloud({ fidelity })
    const id = await it.run({ ImageId: await registerEbs(it) })
    await it.idle()
    await it.call('ModifyInstanceAttribute', {
      InstanceId: id,
      'InstanceInitiatedShutdownBehavior.Value': 'terminate',
    })
    await poweredOff(it, id, state)
  })

  test('terminate of a launch in aws, and stop after all', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const launch = { ImageId: await registerEbs(it), InstanceInitiatedShutdownBehavior: 'terminate' }
    const [first, second] = [await it.run(launch), await it.run(launch)]
    await it.idle()
    await it.call('ModifyInstanceAttribute', { InstanceId: second, 'InstanceInitiatedShutdownBehavior.Value': 'stop' })
    await poweredOff(it, first, 'terminated')
    await poweredOff(it, second, 'stopped')
  })

  test('a crash does not count as power-off', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const id = await it.run({ ImageId: await registerEbs(it), InstanceInitiatedShutdownBehavior: 'terminate' })
    await it.idle()
    it.hypervisor.machine(id).crash('signal SIGSEGV')
    await vi.waitFor(() => expect(it.cloud.instances.get(id)?.state).toBe('stopped'))
  })

  test('what aws refuses and eucalyptus passes over', async () => {
    const set = (value: string) => ({ 'InstanceInitiatedShutdownBehavior.Value': value })
    expect(await refusal('aws', running.aws, set('explode'))).toBe(
      '400 InvalidParameterValue: Value (explode) for parameter instanceInitiatedShutdownBehavior is invalid.',
    )
    const mortal = await clouds.aws.run()
    expect(await refusal('aws', mortal, set('stop'))).toContain('400 InvalidParameterCombination')
    expect(await modify('eucalyptus', running.eucalyptus, set('explode'))).toMatchObject({ return: 'true' })
  })
})
