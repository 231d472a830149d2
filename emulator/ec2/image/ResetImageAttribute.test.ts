import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('shape: without an image', async () =>
  expect(await eucalyptus.refusal('ResetImageAttribute')).toBe(
    '400 MissingParameter: The request must contain the parameter ImageId',
  ))

describe('refusals', () => {
  test('in eucalyptus there is none: the answer is false', async () => {
    const ImageId = await eucalyptus.register()
    const stranger = await eucalyptus.account('stranger')
    for (const id of ['image', 'emi-12345678']) {
      expect(await eucalyptus.call('ResetImageAttribute', { ImageId: id })).toMatchObject({ return: 'false' })
    }
    expect(await eucalyptus.call('ResetImageAttribute', { ImageId }, stranger)).toMatchObject({ return: 'false' })
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'no attribute',
      { ImageId: 'ami-12345678' },
      '400 MissingParameter: The request must contain the parameter attribute',
    ],
    [
      'another attribute',
      { ImageId: 'ami-12345678', Attribute: 'description' },
      '400 InvalidParameterValue: Value (description) for parameter attribute is invalid. Unknown attribute.',
    ],
    [
      'an image that is not there',
      { ImageId: 'ami-12345678', Attribute: 'launchPermission' },
      "400 InvalidAMIID.NotFound: The image id '[ami-12345678]' does not exist",
    ],
  ])('in aws %s', async (_title, parameters, refusal) =>
    expect(await aws.refusal('ResetImageAttribute', parameters)).toBe(refusal),
  )
})

test('effect: nobody may launch it but its owner, whom eucalyptus lists', async () => {
  for (const it of [eucalyptus, aws]) {
    const ImageId = await it.register()
    const everybody = { 'LaunchPermission.Add.1.Group': 'all', 'LaunchPermission.Add.2.UserId': '000000000001' }
    await it.call('ModifyImageAttribute', { ImageId, ...everybody })
    const answer = await it.call('ResetImageAttribute', { ImageId, Attribute: 'launchPermission' })
    expect(answer).toMatchObject({ return: 'true' })
    const permissions = it === aws ? [] : [it.administrator.accountId]
    expect(it.cloud.images.get(ImageId)).toMatchObject({ public: false, permissions })
  }
})
