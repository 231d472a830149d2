import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { makeVolume, registerEbs } from '../volume/volume.harness.ts'
import { describedTags, tagParameters } from './tag.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

const specification = (number: number, type: string, tags: Record<string, string>) => ({
  [`TagSpecification.${number}.ResourceType`]: type,
  ...tagParameters(tags, `TagSpecification.${number}.`),
})
const volume = { AvailabilityZone: 'one', Size: '1' }

/** The operations that make one thing: its type, and where the answer has its id. */
const makers: [
  action: string,
  type: string,
  id: string,
  parameters: (it: TestCloud) => Promise<Record<string, string>>,
][] = [
  ['CreateVolume', 'volume', 'volumeId', async () => volume],
  ['CreateSnapshot', 'snapshot', 'snapshotId', async (it) => ({ VolumeId: await makeVolume(it) })],
  [
    'CreateSecurityGroup',
    'security-group',
    'groupId',
    async (it) => ({ GroupName: `g${it.cloud.ids.uuid()}`, GroupDescription: 'tagged' }),
  ],
  ['AllocateAddress', 'elastic-ip', 'allocationId', async () => ({})],
  [
    'RegisterImage',
    'image',
    'imageId',
    async (it) => ({ Name: 'tagged', VirtualizationType: 'hvm', ImageLocation: await it.upload() }),
  ],
]

describe.each(makers)('%s', (action, type, id, parameters) => {
  test('in aws makes it with its tags', async () => {
    const sent = { ...(await parameters(aws)), ...specification(1, type, { Name: 'tagged', made: action }) }
    const made = theText(await aws.call(action, sent), id)
    expect(await describedTags(aws, { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': made })).toEqual([
      `${type} ${made} Name=tagged`,
      `${type} ${made} made=${action}`,
    ])
    await aws.idle()
  })

  test('in aws makes nothing with tags that may not be', async () => {
    const sent = { ...(await parameters(aws)), ...specification(1, type, { 'aws:name': 'x' }) }
    expect(await aws.refusal(action, { ...sent, Name: 'refused' })).toMatch(
      /^400 (?:InvalidParameterValue|UnknownParameter): /,
    )
  })
})

test.each(makers.filter(([action]) => action !== 'CreateVolume'))(
  'in eucalyptus %s has no such parameter',
  async (action, type, _, parameters) => {
    const sent = { ...(await parameters(eucalyptus)), ...specification(1, type, { Name: 'x' }) }
    expect(await eucalyptus.refusal(action, sent)).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nTagSpecification',
    )
  },
)

test('in eucalyptus a volume is made with its tags', async () => {
  const answer = await eucalyptus.call('CreateVolume', { ...volume, ...specification(1, 'volume', { Name: 'tagged' }) })
  expect(items(answer, 'tagSet')).toEqual([{ key: 'Name', value: 'tagged' }])
  await eucalyptus.idle()
})

describe('rules', () => {
  test('one type at most once', async () => {
    const twice = { ...specification(1, 'volume', { a: '1' }), ...specification(2, 'volume', { b: '2' }) }
    for (const it of [eucalyptus, aws]) {
      expect(await it.refusal('CreateVolume', { ...volume, ...twice })).toBe(
        '400 InvalidParameterValue: The same resource type may not be specified more than once in tag specifications',
      )
    }
  })

  test('another type: a fault in aws, passed over in eucalyptus', async () => {
    const other = specification(1, 'instance', { a: '1' })
    expect(await aws.refusal('CreateVolume', { ...volume, ...other })).toBe(
      "400 InvalidParameterValue: 'instance' is not a valid taggable resource type for this operation.",
    )
    expect(items(await eucalyptus.call('CreateVolume', { ...volume, ...other }), 'tagSet')).toEqual([])
    await eucalyptus.idle()
  })
})

test.each(['eucalyptus', 'aws'] as const)('a launch tags its instances and their volumes, in %s', async (fidelity) => {
  const it = clouds[fidelity]
  const tags = { ...specification(1, 'instance', { role: 'web' }), ...specification(2, 'volume', { role: 'disk' }) }
  const launch = { ImageId: await registerEbs(it), MinCount: '2', MaxCount: '2', ...tags }
  const made = items(await it.call('RunInstances', launch), 'instancesSet')
  expect(made.map((one) => items(one, 'tagSet'))).toEqual(Array(2).fill([{ key: 'role', value: 'web' }]))
  await it.idle()
  const of = async (value: string) =>
    (await describedTags(it, { 'Filter.1.Name': 'value', 'Filter.1.Value.1': value })).length
  expect([await of('web'), await of('disk')]).toEqual([2, 2])
})
