import { afterAll, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../cloud.harness.ts'
import { makeVolume } from './volume/volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

/** One page of volumes: their ids, and the token of the next. */
async function volumes(cloud: typeof aws, parameters: Record<string, string>) {
  const answer = await cloud.call('DescribeVolumes', parameters)
  const ids = items(answer, 'volumeSet').map((volume) => theText(volume, 'volumeId'))
  return { ids, token: (answer as { nextToken?: string }).nextToken }
}

test('aws: every volume once, though the last of a page is deleted meanwhile', async () => {
  const made: string[] = []
  for (let count = 0; count < 12; count += 1) made.push(await makeVolume(aws))
  const first = await volumes(aws, { MaxResults: '5' })
  expect(first.ids).toEqual(made.slice(0, 5))
  await aws.call('DeleteVolume', { VolumeId: made[4]! })
  await aws.idle()
  // What is behind the volume that is gone has moved up.
  const second = await volumes(aws, { MaxResults: '5', NextToken: first.token! })
  expect(second.ids).toEqual(made.slice(5, 10))
  const third = await volumes(aws, { MaxResults: '5', NextToken: second.token! })
  expect(third).toEqual({ ids: made.slice(10), token: undefined })
})

test('eucalyptus: everything at once', async () => {
  for (let count = 0; count < 6; count += 1) await makeVolume(eucalyptus)
  const { ids, token } = await volumes(eucalyptus, { MaxResults: '5', NextToken: 'anything' })
  expect([ids.length, token]).toEqual([6, undefined])
})

test.each([
  [{ MaxResults: '4' }, '400 InvalidParameterValue: Value (4) for parameter maxResults is invalid.'],
  [{ MaxResults: '1001' }, '400 InvalidParameterValue: Value (1001) for parameter maxResults is invalid.'],
  [{ NextToken: 'none' }, '400 InvalidParameterValue: Unable to parse pagination token'],
])('aws refuses %j', async (parameters, refusal) =>
  expect(await aws.refusal('DescribeVolumes', parameters)).toBe(refusal),
)

test('aws refuses a page of what is named', async () => {
  const id = await makeVolume(aws)
  expect(await aws.refusal('DescribeVolumes', { 'VolumeId.1': id, MaxResults: '5' })).toMatch(
    /^400 InvalidParameterCombination: /,
  )
})
