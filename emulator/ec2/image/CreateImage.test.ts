import { afterAll, describe, expect, test } from 'vitest'
import {
  bothClouds,
  deep,
  freshCloud,
  items,
  type TestCloud,
  type TestCloudOptions,
  theText,
  told,
} from '../../cloud.harness.ts'
import { describedTags, tagParameters } from '../tag/tag.harness.ts'
import { attach, makeVolume, registerEbs, stoppedInstance } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const fidelities = ['eucalyptus', 'aws'] as const

/** Launches an EBS-backed instance, from an image of those parameters; resolves with its id when it runs. */
async function running(it: TestCloud, image: Record<string, string> = {}): Promise<string> {
  const id = await it.run({ ImageId: await registerEbs(it, image) })
  await it.idle()
  return id
}

let names = 0
const newName = () => {
  names += 1
  return `image-${names}`
}

/** Asks for an image of an instance; resolves with its id. */
const create = async (it: TestCloud, InstanceId: string, parameters: Record<string, string> = {}): Promise<string> =>
  theText(await it.call('CreateImage', { InstanceId, Name: newName(), ...parameters }), 'imageId')

/** An image as DescribeImages shows it. */
const shown = async (it: TestCloud, id: string) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter InstanceId'],
    [
      { InstanceId: 'i-12345678', NoReboot: 'maybe' },
      '400 400 Bad Request: Failed to bind the following fields:\nNoReboot = maybe',
    ],
  ])('%j', async (parameters, refusal) => expect(await eucalyptus.refusal('CreateImage', parameters)).toBe(refusal))
})

describe('refusals', async () => {
  const ids = { eucalyptus: await running(eucalyptus), aws: await running(aws) }
  const malformed =
    "400 InvalidAMIName.Malformed: AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"

  test.each<[string, Record<string, string>, string, string?]>([
    ['no name', { Name: '' }, malformed],
    ['a short name', { Name: 'no' }, malformed],
    [
      'a long description',
      { Description: 'x'.repeat(256) },
      '400 InvalidParameter: AMI descriptions must be less than 256 characters long',
    ],
    [
      'what is no instance id',
      { InstanceId: 'emi-12345678' },
      "400 InvalidParameterValue: Value (emi-12345678) for parameter instanceId is invalid. Expected: 'i-...'.",
      '400 InvalidInstanceID.Malformed: Invalid id: "emi-12345678"',
    ],
    [
      'an instance that is not there',
      { InstanceId: 'i-12345678' },
      '500 InternalFailure: Instance does not exist: i-12345678',
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws = inEucalyptus) => {
    for (const [fidelity, refusal] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      const it = clouds[fidelity]
      const sent = { InstanceId: ids[fidelity], Name: 'refused', ...parameters }
      expect(await it.refusal('CreateImage', sent)).toBe(refusal)
      expect(it.cloud.images.list().filter(({ name }) => name === 'refused')).toEqual([])
      expect(it.cloud.instances.get(ids[fidelity])?.state).toBe('running')
    }
  })

  test.each<[string, (it: TestCloud) => Promise<string>, string, string]>([
    [
      'an instance-store instance',
      async (it) => {
        const id = await it.run()
        await it.idle()
        return id
      },
      '500 InternalFailure: Cannot create an image from an instance which is not booted from an EBS volume',
      '400 InvalidParameterValue: The instance ID does not have an EBS volume as its root device.',
    ],
    [
      'one that has ended',
      async (it) => {
        const id = await running(it)
        await it.call('TerminateInstances', { 'InstanceId.1': id })
        await it.idle()
        return id
      },
      "500 InternalFailure: Cannot create an image from an instance which is not in either the 'running' or 'stopped' state: ID is in state terminated",
      "400 IncorrectState: Instance 'ID' is not 'running' or 'stopped': terminated",
    ],
  ])('%s', async (_title, make, inEucalyptus, inAws) => {
    for (const [it, refusal] of [
      [eucalyptus, inEucalyptus],
      [aws, inAws],
    ] as const) {
      const InstanceId = await make(it)
      const said = await it.refusal('CreateImage', { InstanceId, Name: 'refused' })
      expect(said.replaceAll(InstanceId, 'ID')).toBe(refusal)
    }
  })

  test("another account's", async () => {
    const refused = async (it: TestCloud, InstanceId: string) =>
      it.refusal('CreateImage', { InstanceId, Name: 'refused' }, await it.account('stranger'))
    expect(await refused(eucalyptus, ids.eucalyptus)).toBe(
      `500 InternalFailure: Not authorized to create an image from instance ${ids.eucalyptus}`,
    )
    expect(await refused(aws, ids.aws)).toMatch(/^400 InvalidInstanceID.NotFound: /)
  })

  test('a name that is taken, also by an image that is pending; in eucalyptus a second image at a time', async () => {
    const it = await slow()
    await create(it.cloud, it.id, { Name: 'taken' })
    expect(await it.cloud.refusal('CreateImage', { InstanceId: it.id, Name: 'taken' })).toMatch(
      /^400 InvalidAMIName.Duplicate: AMI name taken is already in use by EMI /,
    )
    expect(await it.cloud.refusal('CreateImage', { InstanceId: it.id, Name: 'another' })).toBe(
      '500 InternalFailure: Existing CreateImage task is found for the instance',
    )
  })
})

/** A cloud whose guests do not listen to their power button, with an instance, which an image is to be made of. */
async function slow(options: TestCloudOptions = {}): Promise<{ cloud: TestCloud; id: string; pressed: string[] }> {
  const pressed: string[] = []
  const cloud = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 }, ...options })
  return { cloud, id: await running(cloud), pressed }
}

describe.each(fidelities)('effect in %s', (fidelity) => {
  const it = clouds[fidelity]
  const isAws = fidelity === 'aws'

  test('with a reboot: the instance is called running, its guest boots again, the image has all its volumes', async () => {
    const { cloud, id, pressed } = await slow({ fidelity, guests: {} })
    const data = await makeVolume(cloud, { Size: '3' })
    await attach(cloud, data, id, '/dev/sdf')
    const first = cloud.hypervisor.machine(id)
    const image = await create(cloud, id, { Name: 'made', Description: 'of an instance' })
    expect(await shown(cloud, image)).toMatchObject({
      imageState: 'pending',
      imageLocation: `${cloud.administrator.accountId}/made`,
      rootDeviceType: 'ebs',
      rootDeviceName: '/dev/sda',
      ...(isAws ? { blockDeviceMapping: '' } : { blockDeviceMapping: [{ ebs: { snapshotId: 'snap-EUCARESERVED' } }] }),
    })
    await cloud.idle()
    expect(pressed).toEqual([])
    expect(await first.ended).toMatchObject({ reason: 'power-off' })
    expect(cloud.hypervisor.machine(id)).not.toBe(first)
    expect(await told(cloud, id)).toBe('running ')
    const root = cloud.cloud.volumes.list().find(({ attachment }) => attachment?.device === '/dev/sda')?.id
    const snapshots = cloud.cloud.snapshots.list().filter(({ description }) => description?.startsWith('Created by'))
    expect(snapshots).toMatchObject(
      [root, data].map((volumeId) => ({
        volumeId,
        state: 'completed',
        description: `Created by CreateImage(${id}) for ${image} from ${volumeId}`,
      })),
    )
    const mapping = (index: number, deviceName: string, volumeSize: string, deleteOnTermination: string) => ({
      deviceName,
      ebs: { snapshotId: snapshots[index]?.id, volumeSize, deleteOnTermination, volumeType: 'standard' },
    })
    expect(await shown(cloud, image)).toMatchObject({
      imageState: 'available',
      description: 'of an instance',
      isPublic: 'false',
      virtualizationType: 'hvm',
      blockDeviceMapping: [mapping(0, '/dev/sda', '1', String(isAws)), mapping(1, '/dev/sdf', '3', 'false')],
    })
    expect(cloud.cloud.images.get(image)).not.toHaveProperty('source')
    expect((await cloud.cloud.storage.usage()).snapshots).toBe(cloud.cloud.snapshots.list().length)
    const again = await cloud.run({ ImageId: image })
    await cloud.idle()
    expect(cloud.cloud.volumes.list().filter(({ attachment }) => attachment?.instanceId === again)).toHaveLength(2)
  })

  test.each([1, 2])('without a reboot, of %i volumes: the guest goes on', async (count) => {
    const id = await running(it)
    for (let index = 1; index < count; index += 1) await attach(it, await makeVolume(it), id, `/dev/sd${'fg'[index]}`)
    const machine = it.hypervisor.machine(id)
    const image = await create(it, id, { NoReboot: 'true' })
    await it.idle()
    expect(it.hypervisor.machine(id)).toBe(machine)
    expect(items((await shown(it, image)) ?? '', 'blockDeviceMapping')).toHaveLength(count)
    expect(await shown(it, image)).toMatchObject({ imageState: 'available' })
    await it.run({ ImageId: image })
    await it.idle()
    expect((await it.cloud.storage.usage()).snapshots).toBe(it.cloud.snapshots.list().length)
  })

  test('of a stopped instance, which stays so', async () => {
    const { id } = await stoppedInstance(it)
    const image = await create(it, id)
    await it.idle()
    expect(await told(it, id)).toMatch(/^stopped/)
    expect(await shown(it, image)).toMatchObject({ imageState: 'available' })
  })
})

describe('in aws', () => {
  test('tags for the image and for its snapshots', async () => {
    const id = await running(aws)
    const image = await create(aws, id, {
      'TagSpecification.1.ResourceType': 'image',
      ...tagParameters({ Name: 'golden' }, 'TagSpecification.1.'),
      'TagSpecification.2.ResourceType': 'snapshot',
      ...tagParameters({ Name: 'of golden' }, 'TagSpecification.2.'),
    })
    await aws.idle()
    const snapshot = aws.cloud.images.get(image)?.mappings?.[0]?.snapshotId
    expect((await describedTags(aws)).sort()).toEqual([
      `image ${image} Name=golden`,
      `snapshot ${snapshot} Name=of golden`,
    ])
  })

  test('tags for anything else are refused; eucalyptus does not know the parameter', async () => {
    const sent = { InstanceId: 'i-12345678', Name: 'refused', 'TagSpecification.1.ResourceType': 'volume' }
    expect(await aws.refusal('CreateImage', sent)).toBe(
      "400 InvalidParameterValue: 'volume' is not a valid taggable resource type for this operation.",
    )
    expect(await eucalyptus.refusal('CreateImage', sent)).toMatch(/TagSpecification$/)
  })
})
