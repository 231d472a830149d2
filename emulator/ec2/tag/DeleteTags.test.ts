import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, freshCloud } from '../../cloud.harness.ts'
import { makeVolume } from '../volume/volume.harness.ts'
import { describedTags, tag, tagParameters } from './tag.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

test('shape: without a resource', async () => {
  expect(await eucalyptus.call('DeleteTags', tagParameters({ a: undefined }))).toMatchObject({ return: 'false' })
  expect(await aws.refusal('DeleteTags', tagParameters({ a: undefined }))).toBe(
    '400 MissingParameter: The request must contain the parameter resourceIdSet',
  )
})

describe('refusals', () => {
  test.each([
    ['aws:name', 'aws:name'],
    ['', ''],
    ['x'.repeat(129), 'x'.repeat(129)],
  ])('the key %j', async (key) => {
    const parameters = { 'ResourceId.1': 'vol-12345678', 'Tag.1.Key': key }
    expect(await eucalyptus.refusal('DeleteTags', parameters)).toBe(
      `400 InvalidParameterValue: Invalid key (max length 128, must not be empty, reserved prefixes [aws:, euca:]): ${key}`,
    )
    expect(await aws.refusal('DeleteTags', parameters)).toBe(
      `400 InvalidParameterValue: Value (${key}) for parameter key is invalid.`,
    )
  })

  test('what is no id', async () =>
    expect(await eucalyptus.refusal('DeleteTags', { 'ResourceId.1': 'nothing' })).toBe(
      "400 InvalidID: The ID 'nothing' is not valid",
    ))

  test("another account's: false in eucalyptus, not there in aws", async () => {
    const [alice, bob] = [await eucalyptus.account('alice'), await aws.account('bob')]
    const [ours, theirs] = [await makeVolume(eucalyptus), await makeVolume(aws)]
    await tag(eucalyptus, ours, { a: 'b' })
    expect(await eucalyptus.call('DeleteTags', { 'ResourceId.1': ours, 'Tag.1.Key': 'a' }, alice)).toMatchObject({
      return: 'false',
    })
    expect(await describedTags(eucalyptus)).toEqual([`volume ${ours} a=b`])
    expect(await aws.refusal('DeleteTags', { 'ResourceId.1': theirs, 'Tag.1.Key': 'a' }, bob)).toMatch(
      /^400 InvalidVolume.NotFound: /,
    )
  })
})

describe.each(['eucalyptus', 'aws'] as const)('effect in %s', (fidelity) => {
  test.each<[string, Record<string, string | undefined>, string[]]>([
    ['by key', { one: undefined }, ['empty=', 'two=2']],
    ['by key and value', { one: '1', two: '1' }, ['empty=', 'two=2']],
    ['an empty value is a value', { one: '', empty: '' }, ['one=1', 'two=2']],
    ['what is not there', { three: undefined }, ['empty=', 'one=1', 'two=2']],
    ['no tag: all in aws', {}, fidelity === 'aws' ? [] : ['empty=', 'one=1', 'two=2']],
  ])('%s', async (_title, unwanted, left) => {
    const it = await freshCloud({ fidelity })
    const id = await makeVolume(it)
    await tag(it, id, { one: '1', two: '2', empty: '' })
    const gone = { 'ResourceId.1': 'snap-12345678', 'ResourceId.2': id }
    expect(await it.call('DeleteTags', { ...gone, ...tagParameters(unwanted) })).toMatchObject({ return: 'true' })
    expect(await describedTags(it)).toEqual(left.map((words) => `volume ${id} ${words}`))
    if (!left.length) expect(it.cloud.tags.list()).toEqual([])
  })
})
