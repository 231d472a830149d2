import { afterAll, describe, expect, test } from 'vitest'
import { items, testCloud } from '../../cloud.harness.ts'

const it = await testCloud()
afterAll(it.close)

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await it.refusal('DescribeRegions', { Region: 'x' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nRegion',
    ))
})

describe('refusals', () => {
  test('an unknown filter', async () =>
    expect(await it.refusal('DescribeRegions', { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' })).toBe(
      "500 InternalFailure: The filter 'colour' is invalid.",
    ))
})

describe('effect', () => {
  const region = { regionName: 'eucalyptus', regionEndpoint: 'http://127.0.0.1:8773/services/compute' }
  test.each<[string, Record<string, string>, object[]]>([
    ['the one region', {}, [region]],
    ['by name', { 'RegionName.1': 'eucalyptus' }, [region]],
    ['by another name', { 'RegionName.1': 'mars' }, []],
    ['by filter', { 'Filter.1.Name': 'region-name', 'Filter.1.Value.1': 'mars' }, []],
    ['by endpoint', { 'Filter.1.Name': 'endpoint', 'Filter.1.Value.1': '*/compute' }, [region]],
  ])('%s', async (_title, parameters, expected) =>
    expect(items(await it.call('DescribeRegions', parameters), 'regionInfo')).toEqual(expected),
  )
})
