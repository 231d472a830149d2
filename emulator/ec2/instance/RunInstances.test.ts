import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, type TestCloud, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const images = { eucalyptus: await eucalyptus.register(), aws: await aws.register() }
const one = { MinCount: '1', MaxCount: '1' }

afterEach(async () => {
  for (const it of [eucalyptus, aws]) {
    await it.idle()
    const live = it.cloud.instances.list().filter(({ state }) => state !== 'terminated')
    const ids = live.map(({ id }, index) => [`InstanceId.${index + 1}`, id])
    await it.cloud.store.change((draft) => {
      const instances = it.cloud.instances.in(draft)
      for (const instance of live) instances.put({ ...instance, disableApiTermination: false })
    })
    if (ids.length) await it.call('TerminateInstances', Object.fromEntries(ids))
    await it.idle()
  }
})

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter ImageId, MinCount, MaxCount'],
    [
      { ...one, ImageId: 'x', MinCount: 'one' },
      '400 400 Bad Request: Failed to bind the following fields:\nMinCount = one',
    ],
    [
      { ...one, ImageId: 'x', 'Monitoring.Enabled': 'no' },
      '400 400 Bad Request: Failed to bind the following fields:\nMonitoring.Enabled = no',
    ],
    [{ ...one, ImageId: 'x', Colour: 'red' }, '400 400 Bad Request: Failed to bind the following fields:\nColour'],
    [
      { ...one, ImageId: 'x', 'Placement.Colour': 'red' },
      '400 400 Bad Request: Failed to bind the following fields:\nPlacement.Colour',
    ],
  ])('%j', async (parameters, refusal) => expect(await eucalyptus.refusal('RunInstances', parameters)).toBe(refusal))
})

async function refusalOf(it: TestCloud, parameters: Record<string, string>) {
  const image = images[it.cloud.settings.fidelity]
  const before = it.cloud.instances.list().length
  const sentence = await it.refusal('RunInstances', { ...one, ImageId: image, ...parameters })
  expect(it.cloud.instances.list()).toHaveLength(before)
  return sentence.replace(image, 'IMAGE')
}

describe('refusals', () => {
  const same = (sentence: string): [string, string] => [sentence, sentence]
  const noRoom = `Not enough resources`
  test.each<[string, Record<string, string>, string, string]>([
    [
      'an image that is not there',
      { ImageId: 'emi-12345678' },
      '400 InvalidAMIID.NotFound: Failed to lookup image named: emi-12345678',
      "400 InvalidAMIID.NotFound: The image id '[emi-12345678]' does not exist",
    ],
    [
      'what is no image id',
      { ImageId: '../../etc' },
      '400 InvalidAMIID.NotFound: Failed to lookup image named: ../../etc',
      "400 InvalidAMIID.NotFound: The image id '[../../etc]' does not exist",
    ],
    [
      'an unknown type',
      { InstanceType: 'z9.huge' },
      '500 InternalFailure: Instance type does not exist: z9.huge',
      "400 InvalidParameterValue: Invalid value 'z9.huge' for InstanceType.",
    ],
    [
      'another zone',
      { 'Placement.AvailabilityZone': 'two' },
      '500 InternalFailure: Not enough resources: no cluster controller is currently available to run instances.',
      '400 InvalidParameterValue: Invalid availability zone: [two]',
    ],
    [
      'more at least than at most',
      { MinCount: '2' },
      '500 InternalFailure: Maximum instance count must not be smaller than minimum instance count',
      '400 InvalidParameterCombination: Maximum instance count must not be smaller than minimum instance count',
    ],
    [
      'none',
      { MinCount: '0', MaxCount: '0' },
      ...same('400 InvalidParameterValue: Value (0) for parameter MinCount is invalid.'),
    ],
    [
      'more than there is room for',
      { MinCount: '17', MaxCount: '20' },
      `503 ServiceUnavailable: ${noRoom} (16 in one < 17): vm instances.`,
      '500 InsufficientInstanceCapacity: There is room for 16 of the 17 instances that were asked for in one.',
    ],
    [
      'an unknown key pair',
      { KeyName: 'nobody' },
      ...same("400 InvalidKeyPair.NotFound: The key pair 'nobody' does not exist"),
    ],
    [
      'user data of more than 16 KiB',
      { UserData: Buffer.alloc(16_385).toString('base64') },
      ...same('400 InvalidParameterValue: User data may not exceed 16 KB'),
    ],
    [
      'user data that is no base64',
      { UserData: '#!/bin/sh' },
      ...same('400 InvalidUserData.Malformed: Invalid BASE64 encoding of user data.'),
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    expect(await refusalOf(eucalyptus, parameters)).toBe(inEucalyptus)
    expect(await refusalOf(aws, parameters)).toBe(inAws)
  })

  test('an EBS disk in eucalyptus', async () => {
    const disk = { 'BlockDeviceMapping.1.DeviceName': '/dev/sdb', 'BlockDeviceMapping.1.Ebs.VolumeSize': '1' }
    expect(await refusalOf(eucalyptus, disk)).toBe('500 InternalFailure: Ebs block device mappings are not supported')
  })

  test('a kernel as machine image, and what is deregistered', async () => {
    const kernel = await eucalyptus.register({ kind: 'kernel' })
    const gone = await eucalyptus.register()
    await eucalyptus.call('DeregisterImage', { ImageId: gone })
    for (const ImageId of [kernel, gone]) {
      expect(await refusalOf(eucalyptus, { ImageId })).toBe(
        `400 InvalidAMIID.NotFound: Failed to lookup image named: ${ImageId}`,
      )
    }
  })

  test("another account's image", async () => {
    const sentence = (it: TestCloud, user: Parameters<TestCloud['call']>[2], ImageId: string) =>
      it.refusal('RunInstances', { ...one, ImageId }, user)
    const users = { eucalyptus: await eucalyptus.account('other'), aws: await aws.account('other') }
    expect(await sentence(eucalyptus, users.eucalyptus, images.eucalyptus)).toBe(
      `403 UnauthorizedOperation: ${images.eucalyptus}: permission denied.`,
    )
    expect(await sentence(aws, users.aws, images.aws)).toBe(
      `403 AuthFailure: Not authorized for images: [${images.aws}]`,
    )
  })

  test('an image larger than the disk of the type', async () => {
    const ImageId = await eucalyptus.register({ edit: (m) => m.replace(/<size>\d+/, `<size>${6 * 2 ** 30}`) })
    expect(await refusalOf(eucalyptus, { ImageId })).toBe(
      `400 InvalidParameterCombination: Unable to run instance ${ImageId} in which the size ${6 * 2 ** 30} bytes is greater than the vmType m1.small size 5 GB.`,
    )
    expect(await eucalyptus.run({ ImageId, InstanceType: 'm1.medium' })).toMatch(/^i-/)
  })

  test.each<[string, (kernel: string, ramdisk: string) => Record<string, string>]>([
    ['a kernel that is not there', () => ({ KernelId: 'eki-12345678' })],
    ['a ramdisk for a kernel', (_, ramdisk) => ({ KernelId: ramdisk })],
    ['a kernel for a ramdisk', (kernel) => ({ RamdiskId: kernel })],
  ])('%s', async (_title, parameters) => {
    const ImageId = await eucalyptus.register({ virtualization: 'paravirtual' })
    const { kernelId = '', ramdiskId = '' } = eucalyptus.cloud.images.get(ImageId) ?? {}
    const given = parameters(kernelId, ramdiskId)
    expect(await refusalOf(eucalyptus, { ImageId, ...given })).toBe(
      `500 InternalFailure: Failed to lookup image named: ${Object.values(given)[0]}`,
    )
  })

  test("the administrators' kernel, unless it is shared", async () => {
    const user = await eucalyptus.account('kernel-user')
    const KernelId = await eucalyptus.register({ kind: 'kernel' })
    const RamdiskId = await eucalyptus.register({ kind: 'ramdisk' })
    const parameters = { VirtualizationType: 'paravirtual', KernelId, RamdiskId }
    const ImageId = await eucalyptus.register({ as: user, parameters })
    const refusal = () => eucalyptus.refusal('RunInstances', { ...one, ImageId }, user)
    expect(await refusal()).toBe(`500 InternalFailure: Failed to lookup image named: ${KernelId}`)
    await eucalyptus.cloud.store.change((draft) => {
      const all = eucalyptus.cloud.images.in(draft)
      for (const id of [KernelId, RamdiskId]) all.put({ ...all.get(id)!, public: true })
    })
    expect(await eucalyptus.run({ ImageId }, user)).toMatch(/^i-/)
  })
})

describe('effect', () => {
  test('all parameters come back, and then it runs', async () => {
    await eucalyptus.call('CreateKeyPair', { KeyName: 'mine' })
    const userData = randomBytes(16_384).toString('base64')
    const answer = await eucalyptus.call('RunInstances', {
      ...one,
      MaxCount: '2',
      ImageId: images.eucalyptus,
      InstanceType: 'm1.medium',
      KeyName: 'mine',
      UserData: userData,
      ClientToken: 'all-parameters',
      'Placement.AvailabilityZone': 'one',
      'Monitoring.Enabled': 'true',
      DisableApiTermination: 'true',
      InstanceInitiatedShutdownBehavior: 'stop',
      AddressingType: 'private',
      'SecurityGroup.1': 'default',
      'BlockDeviceMapping.1.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.1.VirtualName': 'ephemeral0',
    })
    expect(theText(answer, 'reservationId')).toMatch(/^r-[0-9a-f]{8}$/)
    expect(theText(answer, 'ownerId')).toBe(eucalyptus.administrator.accountId)
    const instances = items(answer, 'instancesSet')
    expect(instances).toHaveLength(2)
    for (const [index, instance] of instances.entries()) {
      expect(instance).toMatchObject({
        instanceId: expect.stringMatching(/^i-[0-9a-f]{8}$/),
        imageId: images.eucalyptus,
        instanceState: { code: '0', name: 'pending' },
        amiLaunchIndex: String(index),
        keyName: 'mine',
        instanceType: 'm1.medium',
        placement: { availabilityZone: 'one' },
        monitoring: { state: 'enabled' },
        rootDeviceType: 'instance-store',
        rootDeviceName: '/dev/sda',
        virtualizationType: 'hvm',
        clientToken: 'all-parameters',
      })
    }
    await eucalyptus.idle()
    const records = eucalyptus.cloud.instances.list().filter(({ clientToken }) => clientToken === 'all-parameters')
    expect(records).toMatchObject([
      { state: 'running', userData, disableApiTermination: true },
      { state: 'running', userData, disableApiTermination: true },
    ])
  })

  test('the default type is the setting', async () => {
    const id = await eucalyptus.run({ ImageId: images.eucalyptus })
    expect(eucalyptus.cloud.instances.get(id)?.instanceType).toBe('m1.small')
  })

  test('a client token makes one reservation, whatever the rest of the request says', async () => {
    const launch = { ...one, ImageId: images.eucalyptus, ClientToken: 'again' }
    const answers = await Promise.all([1, 2, 3].map(() => eucalyptus.call('RunInstances', launch)))
    const later = await eucalyptus.call('RunInstances', { ...launch, MaxCount: '5', InstanceType: 'm1.medium' })
    const ids = [...answers, later].map((answer) => theText(answer, 'instancesSet', '0', 'instanceId'))
    expect(new Set(ids).size).toBe(1)
    const user = await eucalyptus.account('token-user')
    const theirs = await eucalyptus.register({ as: user })
    expect(await eucalyptus.run({ ClientToken: 'again', ImageId: theirs }, user)).not.toBe(ids[0])
  })

  test("a paravirtual instance has its image's kernel and ramdisk, or those of the request", async () => {
    const ImageId = await eucalyptus.register({ virtualization: 'paravirtual' })
    const { kernelId, ramdiskId } = eucalyptus.cloud.images.get(ImageId) ?? {}
    const own = await eucalyptus.run({ ImageId })
    expect(eucalyptus.cloud.instances.get(own)).toMatchObject({ kernelId, ramdiskId, virtualization: 'paravirtual' })
    const KernelId = await eucalyptus.register({ kind: 'kernel' })
    const other = await eucalyptus.run({ ImageId, KernelId: KernelId.replace(/^e/, 'a') })
    expect(eucalyptus.cloud.instances.get(other)).toMatchObject({ kernelId: KernelId, ramdiskId })
  })

  test('a kernel for an HVM image is passed over in silence', async () => {
    const id = await eucalyptus.run({ ImageId: images.eucalyptus, KernelId: 'eki-12345678', RamdiskId: 'nonsense' })
    expect(eucalyptus.cloud.instances.get(id)).not.toHaveProperty('kernelId')
  })

  test('of several ephemeral disks all but the first are dropped in silence', async () => {
    const mapping = (n: number) => ({
      [`BlockDeviceMapping.${n}.DeviceName`]: `/dev/sd${'abc'[n]}`,
      [`BlockDeviceMapping.${n}.VirtualName`]: `ephemeral${n}`,
    })
    expect(await eucalyptus.run({ ImageId: images.eucalyptus, ...mapping(1), ...mapping(2) })).toMatch(/^i-/)
  })

  test('the ids of aws', async () => {
    const answer = await aws.call('RunInstances', { ...one, ImageId: images.aws })
    expect(theText(answer, 'reservationId')).toMatch(/^r-[0-9a-f]{17}$/)
    expect(deep(answer, 'instancesSet', '0')).toMatchObject({
      instanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
      hypervisor: 'xen',
    })
  })
})
