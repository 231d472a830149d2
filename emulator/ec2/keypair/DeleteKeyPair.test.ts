import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

describe('shape', () => {
  test('without a name', async () =>
    expect(await it.refusal('DeleteKeyPair')).toBe(
      '400 MissingParameter: The request must contain the parameter KeyName',
    ))
})

describe('refusals', () => {
  test('there are none: what is not there is `false` in eucalyptus and `true` in aws', async () => {
    expect(await clouds.eucalyptus.call('DeleteKeyPair', { KeyName: 'nobody' })).toMatchObject({ return: 'false' })
    expect(await clouds.aws.call('DeleteKeyPair', { KeyName: 'nobody' })).toMatchObject({ return: 'true' })
  })
})

describe('effect', () => {
  test('it is gone, and its name is free; the pair of another account stays', async () => {
    const other = await it.account('other')
    for (const as of [it.administrator, other]) await it.call('CreateKeyPair', { KeyName: 'mine' }, as)
    expect(await it.call('DeleteKeyPair', { KeyName: 'mine' })).toMatchObject({ return: 'true' })
    expect(await it.refusal('DescribeKeyPairs', { 'KeyName.1': 'mine' })).toMatch(/^400 InvalidKeyPair.NotFound/)
    expect(await it.call('DescribeKeyPairs', { 'KeyName.1': 'mine' }, other)).toMatchObject({
      keySet: [{ keyName: 'mine' }],
    })
    expect(await it.call('CreateKeyPair', { KeyName: 'mine' })).toMatchObject({ keyName: 'mine' })
  })
})
