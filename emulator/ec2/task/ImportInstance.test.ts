import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { described, importInstance, instanceRequest, isOver, presigned, told, uploadOf } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const bytes = randomBytes(400_000)

describe('shape and refusals', () => {
  const url = presigned(eucalyptus, 'GET', 'b', 'k')
  const launch = 'LaunchSpecification'
  test.each<[string, Record<string, string>, string, string]>([
    ['no platform', { Platform: '' }, 'Platform is required', 'MissingParameter'],
    ['an unknown platform', { Platform: 'BeOS' }, 'Unknown platform: BeOS', 'InvalidParameterValue'],
    ['no architecture', { [`${launch}.Architecture`]: '' }, `${launch}.Architecture is required`, 'MissingParameter'],
    ['arm64', { [`${launch}.Architecture`]: 'arm64' }, 'Unknown architecture: arm64', 'InvalidParameterValue'],
    ['no type', { [`${launch}.InstanceType`]: '' }, `${launch}.InstanceType is required`, 'MissingParameter'],
    ['an unknown type', { [`${launch}.InstanceType`]: 'x9' }, 'Unknown instance type: x9', 'InvalidParameterValue'],
    ['an unknown key', { [`${launch}.KeyName`]: 'none' }, 'The key pair none does not exist', 'InvalidParameterValue'],
    ['a subnet', { [`${launch}.SubnetId`]: 'subnet-1' }, 'The subnet subnet-1 does not exist', 'InvalidParameterValue'],
    [
      'a private address',
      { [`${launch}.PrivateIpAddress`]: '10.0.0.9' },
      'A private address can be given in a subnet only',
      'InvalidParameterValue',
    ],
    [
      'an unknown zone',
      { [`${launch}.Placement.AvailabilityZone`]: 'two' },
      'Availability zone two is not configured for import',
      'InvalidParameterValue',
    ],
    [
      'an unknown group',
      { [`${launch}.GroupName.1`]: 'none' },
      "The security group 'none' does not exist",
      'InvalidGroup.NotFound',
    ],
    [
      "a volume larger than the type's disk",
      { 'DiskImage.1.Volume.Size': '6' },
      'The volume of 6 GiB is larger than the 5 GiB of m1.small',
      'InvalidParameterValue',
    ],
    ['no format', { 'DiskImage.1.Image.Format': '' }, 'Image.Format is required', 'MissingParameter'],
  ])('%s', async (_title, parameters, message, code) => {
    const request = instanceRequest(url, 1000, parameters)
    expect(await eucalyptus.refusal('ImportInstance', request)).toBe(`500 400: ${message}`)
    expect(await aws.refusal('ImportInstance', request)).toMatch(new RegExp(`^400 ${code}: `))
  })

  test('user data in the place where euca-import-instance puts a file', async () => {
    const request = instanceRequest(url, 1000, { 'LaunchSpecification.UserData': 'aGVsbG8=' })
    expect(await eucalyptus.refusal('ImportInstance', request)).toMatch(/^400 400 Bad Request: Failed to bind/)
  })
})

test('in eucalyptus: volume, snapshot, image and a running instance, all of the owner', async () => {
  const it = await freshCloud()
  const as = await it.account('alice')
  await it.call('CreateKeyPair', { KeyName: 'hers' }, as)
  const upload = uploadOf(it, { bytes, as })
  await upload.all()
  const id = await importInstance(
    it,
    instanceRequest(upload.url, bytes.length, {
      Description: 'a walk',
      'LaunchSpecification.KeyName': 'hers',
      'LaunchSpecification.GroupName.1': 'default',
      'LaunchSpecification.UserData.Data': 'aGVsbG8=',
      'LaunchSpecification.Monitoring.Enabled': 'true',
      'DiskImage.1.Description': 'its disk',
    }),
    as,
  )
  expect(id).toMatch(/^import-i-[0-9a-f]{8}$/)
  await isOver(it, id)
  await it.idle()
  const task = await described(it, id)
  expect(await told(it, id)).toBe('completed Import task finished successfully')
  const instanceId = theText(task, 'importInstance', 'instanceId')
  expect(deep(task, 'importInstance')).toMatchObject({ platform: 'Linux', description: 'a walk' })
  const volume = deep(task, 'importInstance', 'volumes', '0')
  expect(volume).toMatchObject({
    bytesConverted: String(bytes.length),
    availabilityZone: 'one',
    description: 'its disk',
    image: { format: 'RAW', size: String(bytes.length), importManifestUrl: upload.url },
    status: 'completed',
  })
  const [snapshot] = items(await it.call('DescribeSnapshots', { 'Owner.1': 'self' }, as), 'snapshotSet')
  expect(snapshot).toMatchObject({ volumeId: theText(volume, 'volume', 'id'), status: 'completed', volumeSize: '1' })
  const [image] = items(await it.call('DescribeImages', { 'Owner.1': 'self' }, as), 'imagesSet')
  expect(image).toMatchObject({
    name: `image-${id}`,
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    virtualizationType: 'hvm',
    blockDeviceMapping: [
      { deviceName: '/dev/sda', ebs: { snapshotId: theText(snapshot, 'snapshotId'), deleteOnTermination: 'false' } },
    ],
  })
  expect(deep(image, 'platform')).toBeUndefined()
  const instance = deep(
    await it.call('DescribeInstances', { 'InstanceId.1': instanceId }, as),
    'reservationSet',
    '0',
    'instancesSet',
    '0',
  )
  expect(instance).toMatchObject({
    imageId: theText(image, 'imageId'),
    instanceState: { name: 'running' },
    keyName: 'hers',
    monitoring: { state: 'enabled' },
    rootDeviceType: 'ebs',
  })
  expect(it.cloud.instances.get(instanceId)?.userData).toBe('aGVsbG8=')
})

test('a launch that fails leaves the image, and the task says so', async () => {
  const it = await freshCloud({ settings: { memoryMiB: 100 } })
  const upload = uploadOf(it, { bytes })
  await upload.all()
  const id = await importInstance(it, instanceRequest(upload.url, bytes.length))
  await isOver(it, id)
  const [image] = it.cloud.images.list()
  expect(await told(it, id)).toBe(`completed Image registered: ${image?.id}, but run instance failed`)
  expect(it.cloud.instances.list()).toEqual([])
  expect(deep(await described(it, id), 'importInstance', 'instanceId')).toBeUndefined()
})

test('an image that cannot be registered fails the task, and what it made goes', async () => {
  const it = await freshCloud()
  const upload = uploadOf(it, { bytes })
  const id = await importInstance(it, instanceRequest(upload.url, bytes.length))
  const taken = await it.register({ parameters: { Name: `image-${id}` } })
  await upload.all()
  await isOver(it, id)
  await it.idle()
  expect(await told(it, id)).toBe(
    `cancelled Failed to register image: AMI name image-${id} is already in use by EMI ${taken}`,
  )
  expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
  expect(it.cloud.images.get(taken)?.state).toBe('available')
})

test('of several disks the first is the root, the others stay volumes', async () => {
  const it = await freshCloud()
  const [root, data] = [uploadOf(it, { bytes }), uploadOf(it, { bytes: randomBytes(1000) })]
  await root.all()
  await data.all()
  const second = Object.entries(instanceRequest(data.url, 1000, { 'DiskImage.1.Volume.Size': '2' }))
    .filter(([name]) => name.startsWith('DiskImage'))
    .map(([name, value]) => [name.replace('.1.', '.2.'), value])
  const id = await importInstance(it, instanceRequest(root.url, bytes.length, Object.fromEntries(second)))
  await isOver(it, id)
  const volumes = items(await described(it, id), 'importInstance', 'volumes')
  expect(volumes.map((volume) => theText(volume, 'volume', 'size'))).toEqual(['1', '2'])
  expect(it.cloud.snapshots.list()).toHaveLength(2)
  const [image] = it.cloud.images.list()
  expect(image?.mappings).toHaveLength(1)
})

test('in aws: a stopped instance with the volume itself as its root', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const upload = uploadOf(it, { bytes })
  await upload.all()
  const id = await importInstance(
    it,
    instanceRequest(upload.url, bytes.length, { 'LaunchSpecification.Monitoring': 'true' }),
  )
  await isOver(it, id)
  const task = await described(it, id)
  expect(await told(it, id)).toBe('completed Import task finished successfully')
  const instanceId = theText(task, 'importInstance', 'instanceId')
  const volumeId = theText(deep(task, 'importInstance', 'volumes', '0'), 'volume', 'id')
  expect(it.cloud.images.list()).toEqual([])
  expect(it.cloud.snapshots.list()).toEqual([])
  expect(it.cloud.instances.get(instanceId)).toMatchObject({ state: 'stopped', monitoring: true })
  expect(it.cloud.volumes.get(volumeId)).toMatchObject({
    state: 'in-use',
    attachment: { instanceId, device: '/dev/sda1', state: 'attached', deleteOnTermination: true },
  })
  await it.call('StartInstances', { 'InstanceId.1': instanceId })
  await it.idle()
  expect(it.cloud.instances.get(instanceId)?.state).toBe('running')
  await it.call('TerminateInstances', { 'InstanceId.1': instanceId })
  await it.idle()
  expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
})
