import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeVolume } from './volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('shape: without an attribute', async () => {
  const sent = { VolumeId: 'vol-12345678' }
  expect(await eucalyptus.refusal('DescribeVolumeAttribute', sent)).toBe(
    '400 InvalidParameterCombination: No attributes specified',
  )
  expect(await aws.refusal('DescribeVolumeAttribute', sent)).toBe(
    '400 InvalidParameterCombination: No attributes specified.',
  )
})

describe('refusals', () => {
  test('in aws another attribute, and a volume that is not there', async () => {
    const refused = (Attribute: string) =>
      aws.refusal('DescribeVolumeAttribute', { VolumeId: 'vol-12345678', Attribute })
    expect(await refused('colour')).toBe(
      '400 InvalidParameterValue: Value (colour) for parameter attribute is invalid. Unknown attribute.',
    )
    expect(await refused('autoEnableIO')).toBe("400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist")
  })

  test('in eucalyptus only what is no id', async () =>
    expect(await eucalyptus.refusal('DescribeVolumeAttribute', { VolumeId: 'x', Attribute: 'autoEnableIO' })).toBe(
      "400 InvalidParameterValue: Value (x) for parameter volume is invalid. Expected: 'vol-...'.",
    ))
})

test('effect: both attributes', async () => {
  for (const it of [eucalyptus, aws]) {
    const volumeId = await makeVolume(it)
    const read = (Attribute: string) => it.call('DescribeVolumeAttribute', { VolumeId: volumeId, Attribute })
    expect(await read('autoEnableIO')).toMatchObject({ volumeId, autoEnableIO: { value: 'false' } })
    expect(await read('productCodes')).toMatchObject({ volumeId, productCodes: '' })
  }
})
