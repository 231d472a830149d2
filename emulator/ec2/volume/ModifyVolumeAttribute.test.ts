import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'
import { makeVolume } from './volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('shape: without an attribute, in aws', async () =>
  expect(await aws.refusal('ModifyVolumeAttribute', { VolumeId: 'vol-12345678' })).toBe(
    '400 InvalidParameterCombination: No attributes specified.',
  ))

describe('refusals', () => {
  test('a volume that is not there, in aws', async () => {
    const sent = { VolumeId: 'vol-12345678', 'AutoEnableIO.Value': 'true' }
    expect(await aws.refusal('ModifyVolumeAttribute', sent)).toBe(
      "400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist",
    )
    expect(await eucalyptus.call('ModifyVolumeAttribute', sent)).toMatchObject({ return: 'true' })
  })
})

test('effect: aws remembers', async () => {
  for (const [it, value] of [
    [eucalyptus, 'false'],
    [aws, 'true'],
  ] as const) {
    const VolumeId = await makeVolume(it)
    await it.call('ModifyVolumeAttribute', { VolumeId, 'AutoEnableIO.Value': 'true' })
    const answer = await it.call('DescribeVolumeAttribute', { VolumeId, Attribute: 'autoEnableIO' })
    expect(deep(answer, 'autoEnableIO', 'value')).toBe(value)
  }
})
