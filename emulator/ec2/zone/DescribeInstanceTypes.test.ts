import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items } from '../../cloud.harness.ts'
import { instanceTypes } from '../../state/settings.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

describe('shape', () => {
  test('a malformed number', async () =>
    expect(await eucalyptus.refusal('DescribeInstanceTypes', { MaxResults: 'all' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nMaxResults = all',
    ))
})

describe('refusals', () => {
  test.each([
    [
      'an unknown type',
      { 'InstanceType.1': 'z9.huge' },
      '500 InternalFailure: Instance type does not exist: z9.huge',
      '400 InvalidInstanceType: The following supplied instance types do not exist: [z9.huge]',
    ],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' },
      "500 InternalFailure: The filter 'colour' is invalid.",
      "400 InvalidParameterValue: The filter 'colour' is invalid.",
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    expect(await eucalyptus.refusal('DescribeInstanceTypes', parameters)).toBe(inEucalyptus)
    expect(await aws.refusal('DescribeInstanceTypes', parameters)).toBe(inAws)
  })
})

describe('effect', () => {
  test('in aws all types support both boot modes, and are found by them', async () => {
    const found = async (mode: string) => {
      const filter = { 'Filter.1.Name': 'supported-boot-mode', 'Filter.1.Value.1': mode }
      return items(await aws.call('DescribeInstanceTypes', filter), 'instanceTypeSet')
    }
    expect(await found('uefi')).toHaveLength(instanceTypes.length)
    expect((await found('legacy-bios')).map((type) => items(type, 'supportedBootModes'))).toEqual(
      instanceTypes.map(() => ['legacy-bios', 'uefi']),
    )
    expect(await found('uefi-preferred')).toEqual([])
  })

  test('all types', async () => {
    expect(items(await eucalyptus.call('DescribeInstanceTypes'), 'instanceTypeDetails')).toHaveLength(
      instanceTypes.length,
    )
    expect(items(await aws.call('DescribeInstanceTypes'), 'instanceTypeSet')).toHaveLength(instanceTypes.length)
  })

  test('the two clouds have answers of their own (clients.md, quirk 19)', async () => {
    const one = { 'InstanceType.1': 'm1.large' }
    expect(deep(await eucalyptus.call('DescribeInstanceTypes', one), 'instanceTypeDetails', '0')).toEqual({
      name: 'm1.large',
      cpu: '2',
      disk: '10',
      diskCount: '2',
      memory: '512',
      networkInterfaces: '1',
    })
    expect(deep(await aws.call('DescribeInstanceTypes', one), 'instanceTypeSet', '0')).toMatchObject({
      instanceType: 'm1.large',
      vCpuInfo: { defaultVCpus: '2' },
      memoryInfo: { sizeInMiB: '512' },
      instanceStorageInfo: { totalSizeInGB: '10', disks: [{ sizeInGB: '5', count: '2' }] },
    })
  })

  test.each([
    ['instance-type', 't2.*', 7],
    ['vcpu-info.default-vcpus', '16', 3],
    ['memory-info.size-in-mib', '256', 2],
  ])('the filter %s', async (name, value, count) =>
    expect(
      items(
        await eucalyptus.call('DescribeInstanceTypes', { 'Filter.1.Name': name, 'Filter.1.Value.1': value }),
        'instanceTypeDetails',
      ),
    ).toHaveLength(count),
  )
})
