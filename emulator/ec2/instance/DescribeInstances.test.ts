import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, testCloud, theText } from '../../cloud.harness.ts'
import { createGroup } from '../group/group.harness.ts'
import { attach, makeVolume, registerEbs } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const alice = await it.account('alice')
const image = await it.register()
await it.call('CreateKeyPair', { KeyName: 'mine' })
const first = await it.run({ ImageId: image, KeyName: 'mine', ClientToken: 'first' })
const second = await it.run({ ImageId: image, InstanceType: 'm1.medium' })
const alices = await it.run({}, alice)
await it.idle()
const pair = await it.call('RunInstances', { ImageId: image, MinCount: '2', MaxCount: '2' })
const [third = '', fourth = ''] = items(pair, 'instancesSet').map((one) => theText(one, 'instanceId'))
await it.idle()

async function ids(parameters: Record<string, string>, as = it.administrator): Promise<string[]> {
  const answer = await it.call('DescribeInstances', parameters, as)
  const all = items(answer, 'reservationSet').flatMap((reservation) => items(reservation, 'instancesSet'))
  return all.map((one) => theText(one, 'instanceId')).sort()
}

describe('shape', () => {
  test.each([
    [{ MaxResults: 'all' }, '400 400 Bad Request: Failed to bind the following fields:\nMaxResults = all'],
    [{ InstanceIds: 'x' }, '400 400 Bad Request: Failed to bind the following fields:\nInstanceIds'],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('DescribeInstances', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each<[string, Record<string, string>, string, string?]>([
    ['a malformed id', { 'InstanceId.1': 'i-123' }, '400 InvalidInstanceID.Malformed: Invalid id: "i-123"'],
    [
      'an instance that is not there',
      { 'InstanceId.1': 'i-12345678' },
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    ],
    [
      'several that are not there',
      { 'InstanceId.1': 'i-12345678', 'InstanceId.2': 'i-87654321' },
      "400 InvalidInstanceID.NotFound: The instance IDs 'i-12345678, i-87654321' do not exist",
    ],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' },
      "500 InternalFailure: The filter 'colour' is invalid.",
      "400 InvalidParameterValue: The filter 'colour' is invalid.",
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws = inEucalyptus) => {
    expect(await clouds.eucalyptus.refusal('DescribeInstances', parameters)).toBe(inEucalyptus)
    expect(await clouds.aws.refusal('DescribeInstances', parameters)).toBe(inAws)
  })

  test("another account's instance does not exist", async () =>
    expect(await it.refusal('DescribeInstances', { 'InstanceId.1': alices, 'InstanceId.2': first }, alice)).toBe(
      `400 InvalidInstanceID.NotFound: The instance ID '${first}' does not exist`,
    ))
})

describe('effect', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['own instances', {}, [first, second, third, fourth]],
    [
      'by id, in either case, twice',
      { 'InstanceId.1': first.toUpperCase().replace('I-', 'i-'), 'InstanceId.2': first },
      [first],
    ],
    ["an administrator's question for somebody's", { 'InstanceId.1': alices }, [alices]],
    [
      'everybody’s, for an administrator who says verbose',
      { 'InstanceId.1': 'verbose' },
      [first, second, third, fourth, alices],
    ],
  ])('%s', async (_title, parameters, expected) => expect(await ids(parameters)).toEqual([...expected].sort()))

  test('verbose gives users no more than their own', async () =>
    expect(await ids({ 'InstanceId.1': 'verbose' }, alice)).toEqual([alices]))

  test('one reservation for one launch', async () => {
    const reservations = items(await it.call('DescribeInstances'), 'reservationSet')
    expect(reservations.map((one) => items(one, 'instancesSet').length).sort()).toEqual([1, 1, 2])
  })

  const record = (id: string) => it.cloud.instances.get(id)
  test.each<[string, () => string, string[]]>([
    ['architecture', () => 'x86_64', [first, second, third, fourth]],
    ['availability-zone', () => 'one', [first, second, third, fourth]],
    ['client-token', () => 'first', [first]],
    ['image-id', () => image, [first, second, third, fourth]],
    ['instance-id', () => second, [second]],
    ['instance-state-code', () => '16', [first, second, third, fourth]],
    ['instance-state-name', () => 'pending', []],
    ['instance-type', () => 'm1.med*', [second]],
    ['key-name', () => 'min?', [first]],
    ['hypervisor', () => '*', []],
    ['launch-index', () => '1', [fourth]],
    ['launch-time', () => '2026-01-01*', [first, second, third, fourth]],
    ['monitoring-state', () => 'disabled', [first, second, third, fourth]],
    ['owner-id', () => it.administrator.accountId, [first, second, third, fourth]],
    ['reason', () => 'USER*', []],
    ['reservation-id', () => record(third)?.reservationId ?? '', [third, fourth]],
    ['root-device-type', () => 'ebs', []],
    ['state-reason-code', () => '*', []],
    ['subnet-id', () => '*', []],
    ['tenancy', () => 'default', [first, second, third, fourth]],
    ['virtualization-type', () => 'paravirtual', []],
    ['tag:Name', () => 'x', []],
    ['platform', () => 'windows', []],
    ['kernel-id', () => 'eki-*', []],
    ['ramdisk-id', () => 'eri-*', []],
    ['root-device-name', () => '/dev/sda', [first, second, third, fourth]],
  ])('the filter %s', async (name, value, expected) =>
    expect(await ids({ 'Filter.1.Name': name, 'Filter.1.Value.1': value() })).toEqual([...expected].sort()),
  )

  test('an instance that ended is shown, with the reason, for an hour', async () => {
    const id = await it.run({ ImageId: image })
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    const answer = await it.call('DescribeInstances', { 'InstanceId.1': id })
    expect(items(answer, 'reservationSet')).toMatchObject([
      {
        instancesSet: [
          { instanceState: { code: '48', name: 'terminated' }, reason: 'USER_TERMINATED: User terminated.' },
        ],
      },
    ])
    await it.clock.advance(59 * 60_000)
    expect(await ids({})).toContain(id)
    await it.clock.advance(60_000)
    expect(await ids({})).not.toContain(id)
    expect(await it.refusal('DescribeInstances', { 'InstanceId.1': id })).toMatch(/^400 InvalidInstanceID.NotFound/)
  })

  test('in aws the reason has a code', async () => {
    const id = await clouds.aws.run()
    await clouds.aws.call('TerminateInstances', { 'InstanceId.1': id })
    await clouds.aws.idle()
    const answer = await clouds.aws.call('DescribeInstances', { 'InstanceId.1': id })
    const code = 'Client.UserInitiatedShutdown'
    expect(items(answer, 'reservationSet')).toMatchObject([
      {
        instancesSet: [
          {
            reason: expect.stringMatching(/^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/),
            stateReason: { code, message: `${code}: User initiated shutdown` },
          },
        ],
      },
    ])
  })
})

describe('an EBS-backed instance in a group', async () => {
  const cloud = await freshEbs()
  const { id, volume, group } = cloud
  const record = cloud.it.cloud.instances.get(id)
  const network = record!.network
  const shown = async () =>
    deep(await cloud.it.call('DescribeInstances', { 'InstanceId.1': id }), 'reservationSet', '0', 'instancesSet', '0')

  test('shows its addresses, its group and its volumes, but no ephemeral disk', async () => {
    const attachTime = cloud.it.clock.now().toISOString()
    const ebs = (one: string, deleteOnTermination: string) => ({
      volumeId: one,
      status: 'attached',
      attachTime,
      deleteOnTermination,
    })
    const root = cloud.it.cloud.volumes.list().find(({ attachment }) => attachment?.device === '/dev/sda')?.id ?? ''
    expect(await shown()).toMatchObject({
      privateDnsName: `${network.hostname}.eucalyptus.internal`,
      dnsName: network.publicAddress,
      ipAddress: network.publicAddress,
      privateIpAddress: network.address,
      groupSet: [{ groupId: group, groupName: 'web' }],
      rootDeviceType: 'ebs',
      rootDeviceName: '/dev/sda',
      blockDeviceMapping: [
        { deviceName: '/dev/sda', ebs: ebs(root, 'true') },
        { deviceName: '/dev/sdf', ebs: ebs(volume, 'false') },
      ],
    })
  })

  const filters: [name: string, value: string][] = [
    ['block-device-mapping.attach-time', '2026-01-01*'],
    ['block-device-mapping.delete-on-termination', 'true'],
    ['block-device-mapping.device-name', '/dev/sdf'],
    ['block-device-mapping.status', 'attached'],
    ['block-device-mapping.volume-id', volume],
    ['group-id', group],
    ['group-name', 'w?b'],
    ['instance.group-id', group],
    ['instance.group-name', 'web'],
    ['root-device-type', 'ebs'],
    ['dns-name', network.publicAddress],
    ['ip-address', network.publicAddress],
    ['private-dns-name', `${network.hostname}.*`],
    ['private-ip-address', network.address],
  ]
  test.each(filters)('is found by %s', async (name, value) => {
    const found = await cloud.it.call('DescribeInstances', { 'Filter.1.Name': name, 'Filter.1.Value.1': value })
    const ids = items(found, 'reservationSet').flatMap((one) => items(one, 'instancesSet'))
    expect(ids.map((one) => theText(one, 'instanceId'))).toEqual([id])
  })

  test('shows no address while it is stopped, and is not found by one, but has its volumes and a reason', async () => {
    await cloud.it.call('StopInstances', { 'InstanceId.1': id })
    await cloud.it.idle()
    const view = await shown()
    expect(view).toMatchObject({
      instanceState: { code: '80', name: 'stopped' },
      reason: 'USER_STOPPED: User stopped.',
      privateDnsName: '',
      dnsName: '',
    })
    expect(view).not.toHaveProperty('ipAddress')
    expect(view).not.toHaveProperty('privateIpAddress')
    expect(items(view ?? '', 'blockDeviceMapping')).toHaveLength(2)
    const byAddress = { 'Filter.1.Name': 'ip-address', 'Filter.1.Value.1': network.publicAddress }
    expect(items(await cloud.it.call('DescribeInstances', byAddress), 'reservationSet')).toEqual([])
  })
})

/** A cloud with one instance of an EBS image and one of another image, the first in a group, with a volume plugged in. */
async function freshEbs() {
  const cloud = await testCloud()
  afterAll(cloud.close)
  const group = await createGroup(cloud, 'web')
  await cloud.run()
  const ImageId = await registerEbs(cloud, {
    'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
    'BlockDeviceMapping.2.DeviceName': '/dev/sdb',
    'BlockDeviceMapping.2.VirtualName': 'ephemeral0',
  })
  const id = await cloud.run({ ImageId, 'SecurityGroupId.1': group })
  const volume = await makeVolume(cloud)
  await attach(cloud, volume, id)
  return { it: cloud, id, volume, group }
}
