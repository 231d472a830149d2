import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'

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
    ['launch-index', () => '1', [fourth]],
    ['launch-time', () => '2026-01-01*', [first, second, third, fourth]],
    ['owner-id', () => it.administrator.accountId, [first, second, third, fourth]],
    ['reservation-id', () => record(third)?.reservationId ?? '', [third, fourth]],
    ['root-device-type', () => 'ebs', []],
    ['state-reason-code', () => '*', []],
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
      { instancesSet: [{ stateReason: { code, message: code } }] },
    ])
  })
})
