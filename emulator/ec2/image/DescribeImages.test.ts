import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const [alice, bob] = [await it.account('alice'), await it.account('bob')]

const hvm = await it.register({ parameters: { Name: 'hvm', Description: 'a disk' } })
const paravirtual = await it.register({ virtualization: 'paravirtual', parameters: { Name: 'paravirtual' } })
const alices = await it.register({ as: alice, parameters: { Name: 'alices', Platform: 'windows' } })
const shared = await it.register({ as: alice, parameters: { Name: 'shared' } })
const hidden = await it.register({ as: alice, parameters: { Name: 'hidden' } })
await it.cloud.store.change((draft) => {
  const images = it.cloud.images.in(draft)
  images.put({ ...images.get(shared)!, public: true })
})
await it.call('DeregisterImage', { ImageId: hidden }, alice)
await it.call(
  'ModifyImageAttribute',
  { ImageId: alices, 'LaunchPermission.Add.1.UserId': bob.accountId, 'ProductCode.1': 'code' },
  alice,
)
await it.call('ModifyImageAttribute', { ImageId: alices, 'ProductCode.1': 'code' }, alice)
const kernel = it.cloud.images.get(paravirtual)?.kernelId ?? ''

async function ids(parameters: Record<string, string>, as = it.administrator): Promise<string[]> {
  const answer = await it.call('DescribeImages', parameters, as)
  return items(answer, 'imagesSet').map((image) => theText(image, 'imageId'))
}

describe('shape', () => {
  test.each([
    [{ MaxResults: 'many' }, '400 400 Bad Request: Failed to bind the following fields:\nMaxResults = many'],
    [{ 'Filter.1.Nmae': 'x' }, '400 400 Bad Request: Failed to bind the following fields:\nFilter.1.Nmae'],
    [{ 'Filter.1.Value.1': 'x' }, '400 MissingParameter: The request must contain the parameter Filter.1.Name'],
    [{ ImageId: hvm }, `400 400 Bad Request: Failed to bind the following fields:\nImageId = ${hvm}`],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('DescribeImages', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each([
    [
      'what is no image id',
      { 'ImageId.1': 'i-12345678' },
      '400 InvalidParameterValue: Value (i-12345678) for parameter images is invalid.',
      '400 InvalidAMIID.Malformed: Invalid id: "i-12345678"',
    ],
    [
      'an image that is not there',
      { 'ImageId.1': 'emi-12345678' },
      "400 InvalidAMIID.NotFound: The image ID 'emi-12345678' does not exist",
      "400 InvalidAMIID.NotFound: The image id '[emi-12345678]' does not exist",
    ],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'red' },
      "500 InternalFailure: The filter 'colour' is invalid.",
      "400 InvalidParameterValue: The filter 'colour' is invalid.",
    ],
    [
      'a filter by the name of what every object has',
      { 'Filter.1.Name': 'constructor', 'Filter.1.Value.1': 'red' },
      "500 InternalFailure: The filter 'constructor' is invalid.",
      "400 InvalidParameterValue: The filter 'constructor' is invalid.",
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    expect(await clouds.eucalyptus.refusal('DescribeImages', parameters)).toBe(inEucalyptus)
    expect(await clouds.aws.refusal('DescribeImages', parameters)).toBe(inAws)
  })

  test.each([
    ["another account's", () => hvm],
    ['a deregistered', () => hidden],
  ])('%s image does not exist, as far as a user knows', async (_title, image) =>
    expect(await it.refusal('DescribeImages', { 'ImageId.1': shared, 'ImageId.2': image() }, bob)).toBe(
      `400 InvalidAMIID.NotFound: The image ID '${image()}' does not exist`,
    ),
  )
})

describe('effect', () => {
  test('users see their own and public images, administrators all', async () => {
    expect((await ids({}, bob)).sort()).toEqual([alices, shared].sort())
    expect(await ids({ 'ExecutableBy.1': 'self' }, bob)).toEqual([alices])
    expect((await ids({}, alice)).sort()).toEqual([alices, shared].sort())
    expect(await ids({})).toEqual(expect.arrayContaining([hvm, paravirtual, alices, shared, kernel]))
  })

  test('what is deregistered is shown to administrators who ask for it', async () => {
    expect(await ids({})).not.toContain(hidden)
    expect(await ids({ 'ImageId.1': 'verbose' })).toContain(hidden)
    expect(await ids({ 'ImageId.1': 'verbose' }, alice)).not.toContain(hidden)
    expect(await ids({ 'ImageId.1': 'verbose', 'ImageId.2': hidden })).toEqual([hidden])
  })

  test.each<[string, () => Record<string, string>, () => string[]]>([
    ['ids in either spelling and case', () => ({ 'ImageId.1': `AMI-${hvm.slice(4).toUpperCase()}` }), () => [hvm]],
    [
      'owner self',
      () => ({ 'Owner.1': 'self', 'Filter.1.Name': 'image-type', 'Filter.1.Value.1': 'machine' }),
      () => [hvm, paravirtual],
    ],
    ['owner by number', () => ({ 'Owner.1': alice.accountId }), () => [alices, shared]],
    ['owner by alias', () => ({ 'Owner.1': 'alice' }), () => [alices, shared]],
    ['owners together', () => ({ 'Owner.1': bob.accountId, 'Owner.2': 'alice' }), () => [alices, shared]],
    ['executable by all', () => ({ 'ExecutableBy.1': 'all' }), () => [shared]],
    ['executable by an account', () => ({ 'ExecutableBy.1': bob.accountId }), () => [alices]],
    ['executable by oneself: what is shared, not what is owned', () => ({ 'ExecutableBy.1': 'self' }), () => []],
    ['owned by an alias of nobody', () => ({ 'Owner.1': 'amazon' }), () => []],
  ])('%s', async (_title, parameters, expected) => expect((await ids(parameters())).sort()).toEqual(expected().sort()))

  test.each<[filter: string, value: () => string, expected: () => string[]]>([
    ['architecture', () => 'x86_64', () => [hvm, paravirtual, alices, shared]],
    ['description', () => 'a *', () => [hvm]],
    ['image-id', () => hvm, () => [hvm]],
    ['is-public', () => 'true', () => [shared]],
    ['kernel-id', () => kernel, () => [paravirtual]],
    ['manifest-location', () => it.cloud.images.get(hvm)?.location ?? '', () => [hvm]],
    ['name', () => 'para*', () => [paravirtual]],
    ['owner-alias', () => 'alice', () => [alices, shared]],
    ['owner-id', () => alice.accountId, () => [alices, shared]],
    ['platform', () => 'windows', () => [alices]],
    ['ramdisk-id', () => it.cloud.images.get(paravirtual)?.ramdiskId ?? '', () => [paravirtual]],
    ['root-device-name', () => '/dev/sda1', () => [paravirtual]],
    ['root-device-type', () => 'instance-store', () => [hvm, paravirtual, alices, shared]],
    ['root-device-type', () => 'ebs', () => []],
    ['state', () => 'available', () => [hvm, paravirtual, alices, shared]],
    ['virtualization-type', () => 'hvm', () => [hvm, alices, shared]],
    ['block-device-mapping.volume-size', () => '*', () => []],
    ['product-code', () => 'co?e', () => [alices]],
    ['product-code', () => 'another', () => []],
    ['product-code.type', () => '*', () => []],
    ['state-reason-code', () => '*', () => []],
    ['hypervisor', () => 'xen', () => []],
    ['tag:Name', () => '*', () => []],
  ])('the filter %s', async (name, value, expected) => {
    const machines = { 'Filter.1.Name': 'image-type', 'Filter.1.Value.1': 'machine' }
    const found = await ids({ ...machines, 'Filter.2.Name': name, 'Filter.2.Value.1': value() })
    expect(found.sort()).toEqual(expected().sort())
  })

  test('in aws by the hypervisor, which it tells of machine images', async () => {
    const { aws } = clouds
    const image = await aws.register({ virtualization: 'paravirtual' })
    const found = await aws.call('DescribeImages', { 'Filter.1.Name': 'hypervisor', 'Filter.1.Value.1': 'xen' })
    expect(items(found, 'imagesSet').map((one) => theText(one, 'imageId'))).toEqual([image])
  })

  test.each<[filter: string, value: string, matches: boolean]>([
    ['creation-date', '2026-01-*', true],
    ['creation-date', '2025*', false],
    ['block-device-mapping.encrypted', 'false', false],
    ['ena-support', 'true', false],
    ['state-reason-code', '*', false],
  ])('by %s %s in aws', async (name, value, matches) => {
    const { aws } = clouds
    const image = await aws.register()
    const filter = { 'ImageId.1': image, 'Filter.1.Name': name, 'Filter.1.Value.1': value }
    expect(items(await aws.call('DescribeImages', filter), 'imagesSet')).toHaveLength(matches ? 1 : 0)
  })

  test('by the day of its creation not in eucalyptus, which knows no such filter', async () => {
    const filter = { 'Filter.1.Name': 'creation-date', 'Filter.1.Value.1': '*' }
    expect(await it.refusal('DescribeImages', filter)).toMatch(/creation-date/)
  })

  test('an image as a client sees it', async () => {
    const answer = await it.call('DescribeImages', { 'ImageId.1': paravirtual })
    const record = it.cloud.images.get(paravirtual)
    expect(deep(answer, 'imagesSet', '0')).toEqual({
      imageId: paravirtual,
      imageLocation: record?.location,
      imageState: 'available',
      imageOwnerId: it.administrator.accountId,
      creationDate: '2026-01-01T00:00:00.000Z',
      isPublic: 'false',
      productCodes: '',
      architecture: 'x86_64',
      imageType: 'machine',
      kernelId: record?.kernelId,
      ramdiskId: record?.ramdiskId,
      name: 'paravirtual',
      rootDeviceType: 'instance-store',
      rootDeviceName: '/dev/sda1',
      blockDeviceMapping: '',
      virtualizationType: 'paravirtual',
      tagSet: '',
    })
  })

  test('a kernel has neither virtualization nor root device', async () => {
    const answer = deep(await it.call('DescribeImages', { 'ImageId.1': kernel }), 'imagesSet', '0')
    expect(answer).toMatchObject({ imageType: 'kernel', imageId: kernel })
    expect(Object.keys(answer ?? {})).not.toEqual(expect.arrayContaining(['virtualizationType']))
    expect(Object.keys(answer ?? {})).not.toEqual(expect.arrayContaining(['rootDeviceType']))
  })
})
