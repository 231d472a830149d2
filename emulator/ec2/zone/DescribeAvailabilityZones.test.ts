import { afterAll, describe, expect, test } from 'vitest'
import { items, testCloud } from '../../cloud.harness.ts'

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
    ['verbose', { 'ZoneName.1': 'verbose' }, [zone]],
    ['by name filter', { 'Filter.1.Name': 'zone-name', 'Filter.1.Value.1': 'o*' }, [zone]],
    ['by state', { 'Filter.1.Name': 'state', 'Filter.1.Value.1': 'impaired' }, []],
    ['by region', { 'Filter.1.Name': 'region-name', 'Filter.1.Value.1': 'eucalyptus' }, [zone]],
    ['by message', { 'Filter.1.Name': 'message', 'Filter.1.Value.1': '*' }, []],
  ])('%s', async (_title, parameters, expected) =>
    expect(items(await it.call('DescribeAvailabilityZones', parameters), 'availabilityZoneInfo')).toEqual(expected),
  )
})
