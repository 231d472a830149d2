import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, type TestCloud, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const fidelities = ['eucalyptus', 'aws'] as const
const { eucalyptus, aws } = clouds
const images = { eucalyptus: await eucalyptus.register(), aws: await aws.register() }
const [alice, bob] = ['000000000001', '000000000002']

test('shape: without an image', async () =>
  expect(await eucalyptus.refusal('ModifyImageAttribute')).toBe(
    '400 MissingParameter: The request must contain the parameter ImageId',
  ))

describe('refusals', () => {
  test.each<[string, Record<string, string>, string | undefined, string]>([
    [
      'an account that is none',
      { 'LaunchPermission.Add.1.UserId': 'alice' },
      '500 InternalFailure: Not a valid userId : alice',
      '400 InvalidAMIAttributeItemValue: Invalid attribute item value "alice" for userId item type.',
    ],
    [
      'a group that is none',
      { 'LaunchPermission.Add.1.Group': 'some' },
      undefined,
      '400 InvalidAMIAttributeItemValue: Invalid attribute item value "some" for group item type.',
    ],
    ['nothing', {}, undefined, '400 InvalidParameterCombination: No attributes specified.'],
    [
      'two attributes',
      { 'Description.Value': 'x', 'ProductCode.1': 'code' },
      undefined,
      '400 InvalidParameterCombination: Fields for multiple attribute types specified: productCodes, description',
    ],
    [
      'an unknown attribute',
      { Attribute: 'colour' },
      undefined,
      '400 InvalidParameterValue: Value (colour) for parameter attribute is invalid. Unknown attribute.',
    ],
    [
      'an unknown operation',
      { Attribute: 'launchPermission', OperationType: 'lend' },
      '400 InvalidParameterValue: Value (lend) for parameter operationType is invalid.',
      '400 InvalidParameterValue: Value (lend) for parameter operationType is invalid.',
    ],
    [
      'a long description',
      { 'Description.Value': 'x'.repeat(256) },
      '400 InvalidParameter: AMI descriptions must be less than 256 characters long',
      '400 InvalidParameter: AMI descriptions must be less than 256 characters long',
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    const before = eucalyptus.cloud.images.get(images.eucalyptus)
    const sent = { ImageId: images.eucalyptus, ...parameters }
    if (inEucalyptus !== undefined) {
      expect(await eucalyptus.refusal('ModifyImageAttribute', sent)).toBe(inEucalyptus)
      expect(eucalyptus.cloud.images.get(images.eucalyptus)).toEqual(before)
    }
    expect(await aws.refusal('ModifyImageAttribute', { ImageId: images.aws, ...parameters })).toBe(inAws)
  })

  test('what is no id, and an image that is not there', async () => {
    const refused = (it: TestCloud, ImageId: string) =>
      it.refusal('ModifyImageAttribute', { ImageId, 'Description.Value': 'x' })
    expect(await refused(eucalyptus, 'image')).toBe('500 InternalFailure: Invalid id: "image"')
    expect(await refused(eucalyptus, 'emi-12345678')).toBe(
      "500 InternalFailure: The image ID 'emi-12345678' does not exist",
    )
    expect(await refused(aws, 'ami-12345678')).toBe(
      "400 InvalidAMIID.NotFound: The image id '[ami-12345678]' does not exist",
    )
  })

  test("another account's", async () => {
    const stranger = await eucalyptus.account('stranger')
    const sent = { ImageId: images.eucalyptus, 'LaunchPermission.Add.1.UserId': stranger.accountId }
    expect(await eucalyptus.refusal('ModifyImageAttribute', sent, stranger)).toBe(
      '500 InternalFailure: Not authorized to modify image attribute',
    )
  })
})

/** The launch permissions of an image, as DescribeImageAttribute lists them. */
async function permissions(it: TestCloud, ImageId: string): Promise<string[]> {
  const answer = await it.call('DescribeImageAttribute', { ImageId, Attribute: 'launchPermission' })
  return items(answer, 'launchPermission').map((one) => String(deep(one, 'group') ?? deep(one, 'userId')))
}

describe('effect', () => {
  const newer = (what: 'Add' | 'Remove', ...ids: string[]) =>
    Object.fromEntries(ids.map((id, index) => [`LaunchPermission.${what}.${index + 1}.UserId`, id]))
  const all = (what: 'Add' | 'Remove') => ({ [`LaunchPermission.${what}.9.Group`]: 'all' })
  const older = (OperationType: string, fields: Record<string, string>) => ({
    Attribute: 'launchPermission',
    OperationType,
    ...fields,
  })
  const steps: [title: string, parameters: Record<string, string>, expected: string[], inEucalyptus?: string[]][] = [
    ['two accounts', newer('Add', alice, bob), [alice, bob]],
    ['one of them twice', newer('Add', alice, alice), [alice, bob]],
    ['everybody', all('Add'), ['all', alice, bob]],
    ['no longer one of them', newer('Remove', alice), ['all', bob]],
    ['no longer everybody', all('Remove'), [bob]],
    [
      'one in, one out: in eucalyptus only in',
      { ...newer('Add', alice), ...newer('Remove', bob) },
      [alice],
      [bob, alice],
    ],
    [
      'older words: in',
      older('add', { 'UserId.1': bob, 'UserGroup.1': 'all' }),
      ['all', alice, bob],
      ['all', bob, alice],
    ],
    ['older words: out', older('remove', { 'UserId.1': alice, 'UserGroup.1': 'all' }), [bob]],
  ]
  test.each(fidelities)('launch permissions in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const ImageId = await it.register()
    for (const [title, parameters, expected, inEucalyptus = expected] of steps) {
      expect(await it.call('ModifyImageAttribute', { ImageId, ...parameters })).toMatchObject({ return: 'true' })
      const wanted = fidelity === 'aws' ? expected : inEucalyptus
      expect(await permissions(it, ImageId), title).toEqual(wanted)
      expect(it.cloud.images.get(ImageId)?.public).toBe(wanted.includes('all'))
    }
  })

  test.each(fidelities)('who is named sees an image and runs it, until it is taken back, in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const [friend, stranger] = [await it.account('friend'), await it.account('somebody')]
    const ImageId = await it.register()
    await it.call('ModifyImageAttribute', { ImageId, 'LaunchPermission.Add.1.UserId': friend.accountId })
    const seen = async (parameters: Record<string, string> = {}) =>
      items(await it.call('DescribeImages', parameters, friend), 'imagesSet').map((one) => theText(one, 'imageId'))
    expect(await seen()).toContain(ImageId)
    expect(await seen({ 'ExecutableBy.1': 'self' })).toEqual([ImageId])
    expect(await seen({ 'ImageId.1': ImageId, 'ExecutableBy.1': 'all' })).toEqual([])
    await it.run({ ImageId }, friend)
    await it.idle()
    expect(await it.refusal('RunInstances', { ImageId, MinCount: '1', MaxCount: '1' }, stranger)).toMatch(/^403 /)
    await it.call('ModifyImageAttribute', { ImageId, 'LaunchPermission.Remove.1.UserId': friend.accountId })
    expect(await seen()).not.toContain(ImageId)
    expect(await it.refusal('RunInstances', { ImageId, MinCount: '1', MaxCount: '1' }, friend)).toMatch(/^403 /)
  })

  test.each(fidelities)('product codes and the description in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const ImageId = images[fidelity]
    await it.call('ModifyImageAttribute', { ImageId, 'ProductCode.1': 'one', 'ProductCode.2': 'two' })
    await it.call('ModifyImageAttribute', { ImageId, 'ProductCode.1': 'two' })
    await it.call('ModifyImageAttribute', { ImageId, 'Description.Value': 'told later' })
    const shown = async () => deep(await it.call('DescribeImages', { 'ImageId.1': ImageId }), 'imagesSet', '0')
    expect(await shown()).toMatchObject({
      description: 'told later',
      productCodes: [{ productCode: 'one' }, { productCode: 'two' }],
    })
    await it.call('ModifyImageAttribute', { ImageId, 'Description.Value': '' })
    expect(await shown()).not.toHaveProperty('description')
  })

  test('in aws a description by name', async () => {
    await aws.call('ModifyImageAttribute', { ImageId: images.aws, Attribute: 'description', Value: 'named' })
    expect(aws.cloud.images.get(images.aws)?.description).toBe('named')
  })
})
