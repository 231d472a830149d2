import { afterAll, describe, expect, test } from 'vitest'
import { freshCloud, items, testCloud, theText } from '../../cloud.harness.ts'

const it = await testCloud()
afterAll(it.close)

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await it.refusal('DescribeAvailabilityZones', { Zone: 'one' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nZone',
    ))
})

describe('refusals', () => {
  test.each([
    ['another zone', { 'ZoneName.1': 'two' }, '400 InvalidParameterValue: Invalid availability zone: [two]'],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' },
      "500 InternalFailure: The filter 'colour' is invalid.",
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await it.refusal('DescribeAvailabilityZones', parameters)).toBe(refusal),
  )
})

describe('effect', () => {
  const zone = { zoneName: 'one', zoneState: 'available', regionName: 'eucalyptus', messageSet: '' }
  test.each<[string, Record<string, string>, object[]]>([
    ['the one zone', {}, [zone]],
    ['by name', { 'ZoneName.1': 'one' }, [zone]],
    ['by name filter', { 'Filter.1.Name': 'zone-name', 'Filter.1.Value.1': 'o*' }, [zone]],
    ['by state', { 'Filter.1.Name': 'state', 'Filter.1.Value.1': 'impaired' }, []],
    ['by region', { 'Filter.1.Name': 'region-name', 'Filter.1.Value.1': 'eucalyptus' }, [zone]],
    ['by message', { 'Filter.1.Name': 'message', 'Filter.1.Value.1': '*' }, []],
  ])('%s', async (_title, parameters, expected) =>
    expect(items(await it.call('DescribeAvailabilityZones', parameters), 'availabilityZoneInfo')).toEqual(expected),
  )
})

describe('verbose', () => {
  const rows = async (cloud: typeof it, as = cloud.administrator) =>
    items(await cloud.call('DescribeAvailabilityZones', { 'ZoneName.1': 'verbose' }, as), 'availabilityZoneInfo').map(
      (row) => [theText(row, 'zoneName'), theText(row, 'zoneState')],
    )

  test('shows administrators how many instances of each type have room, and shrinks with each', async () => {
    const cloud = await freshCloud({ settings: { memoryMiB: 2100 } })
    const before = await rows(cloud)
    expect(before.slice(0, 2)).toEqual([
      ['one', '127.0.0.1 arn:euca:eucalyptus:one:cluster:one-cc/'],
      ['|- vm types', 'free / max   cpu   ram  disk'],
    ])
    expect(before).toContainEqual(['|- m1.small', '0008 / 0008   1    256     5'])
    expect(before).toContainEqual(['|- t2.2xlarge', '0000 / 0000   8   32768    20'])
    await cloud.run()
    expect(await rows(cloud)).toContainEqual(['|- m1.small', '0007 / 0008   1    256     5'])
  })

  test('is passed over for others, and a name of no zone in aws', async () => {
    const user = await it.account('zone-user')
    expect(await rows(it, user)).toEqual([['one', 'available']])
    const aws = await freshCloud({ fidelity: 'aws' })
    expect(await aws.refusal('DescribeAvailabilityZones', { 'ZoneName.1': 'verbose' })).toBe(
      '400 InvalidParameterValue: Invalid availability zone: [verbose]',
    )
  })

  test('goes with the filters', async () => {
    const parameters = { 'ZoneName.1': 'verbose', 'Filter.1.Name': 'state', 'Filter.1.Value.1': 'impaired' }
    expect(items(await it.call('DescribeAvailabilityZones', parameters), 'availabilityZoneInfo')).toEqual([])
  })
})
