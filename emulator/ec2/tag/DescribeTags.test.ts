import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeSnapshot, makeVolume } from '../volume/volume.harness.ts'
import { describedTags, tag } from './tag.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const volume = await makeVolume(it)
const snapshot = await makeSnapshot(it, volume)
await tag(it, volume, { role: 'db', Name: 'disk' })
await tag(it, snapshot, { role: 'copy' })
const ofVolume = [`volume ${volume} Name=disk`, `volume ${volume} role=db`]
const ofSnapshot = [`snapshot ${snapshot} role=copy`]

test('shape: a parameter that is not there', async () =>
  expect(await it.refusal('DescribeTags', { 'ResourceId.1': volume })).toBe(
    `400 400 Bad Request: Failed to bind the following fields:\nResourceId.1`,
  ))

test('refusals: an unknown filter', async () => {
  const filter = { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' }
  expect(await it.refusal('DescribeTags', filter)).toBe("500 InternalFailure: The filter 'colour' is invalid.")
  expect(await clouds.aws.refusal('DescribeTags', filter)).toMatch(/^400 InvalidParameterValue: /)
})

describe('effect', () => {
  test('by resource, key and value, in the order of their bytes', async () =>
    expect(await describedTags(it)).toEqual([...ofSnapshot, ...ofVolume]))

  test.each<[string, string, string[]]>([
    ['key', 'r*', [...ofSnapshot, `volume ${volume} role=db`]],
    ['resource-id', volume, ofVolume],
    ['resource-type', 'snap?hot', ofSnapshot],
    ['value', 'disk', [`volume ${volume} Name=disk`]],
    ['value', 'Disk', []],
  ])('the filter %s=%s', async (name, value, expected) =>
    expect(await describedTags(it, { 'Filter.1.Name': name, 'Filter.1.Value.1': value })).toEqual(expected),
  )

  test('of the own account only, also for administrators', async () => {
    const alice = await it.account('alice')
    const hers = await makeVolume(it, {}, alice)
    await tag(it, hers, { role: 'hers' }, alice)
    expect(await describedTags(it, {}, alice)).toEqual([`volume ${hers} role=hers`])
    expect(await describedTags(it)).toEqual([...ofSnapshot, ...ofVolume])
  })

  test('in aws by tag:KEY, too', async () => {
    const { aws } = clouds
    const id = await makeVolume(aws)
    await tag(aws, id, { role: 'db', Name: 'disk' })
    expect(await describedTags(aws, { 'Filter.1.Name': 'tag:role', 'Filter.1.Value.1': 'd?' })).toEqual([
      `volume ${id} role=db`,
    ])
  })
})
