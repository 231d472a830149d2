import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { createGroup } from '../group/group.harness.ts'
import { makeSnapshot, makeVolume } from '../volume/volume.harness.ts'
import { describedTags, tag, tagParameters } from './tag.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const volumes = { eucalyptus: await makeVolume(eucalyptus), aws: await makeVolume(aws) }
const long = (length: number) => 'x'.repeat(length)

describe('shape', () => {
  test('without a resource, or a tag: false in eucalyptus, a fault in aws', async () => {
    expect(await eucalyptus.call('CreateTags', tagParameters({ a: 'b' }))).toMatchObject({ return: 'false' })
    expect(await eucalyptus.call('CreateTags', { 'ResourceId.1': volumes.eucalyptus })).toMatchObject({
      return: 'false',
    })
    expect(await aws.refusal('CreateTags', tagParameters({ a: 'b' }))).toBe(
      '400 MissingParameter: The request must contain the parameter resourceIdSet',
    )
    expect(await aws.refusal('CreateTags', { 'ResourceId.1': volumes.aws })).toBe(
      '400 MissingParameter: The request must contain the parameter tagSet',
    )
  })
})

describe('refusals', () => {
  const invalid = (sentence: string) => `400 InvalidParameterValue: ${sentence}`
  const [euca, amazon] = [
    "Tag keys starting with 'aws:' and 'euca:' are reserved for internal use",
    "Tag keys starting with 'aws:' are reserved for internal use",
  ]
  test.each<[string, Record<string, string>, string | undefined, string | undefined]>([
    ['a key of aws', { 'aws:name': 'x' }, invalid(euca), invalid(amazon)],
    ['a key of eucalyptus', { 'euca:name': 'x' }, invalid(euca), undefined],
    [
      'an empty key',
      { '': 'x' },
      invalid('Tag key exceeds the maximum length of 127 characters'),
      invalid('Tag keys must have 1 to 128 characters'),
    ],
    [
      'a key of 128 characters',
      { [long(128)]: 'x' },
      invalid('Tag key exceeds the maximum length of 127 characters'),
      undefined,
    ],
    [
      'a key of 129',
      { [long(129)]: 'x' },
      invalid('Tag key exceeds the maximum length of 127 characters'),
      invalid('Tag keys must have 1 to 128 characters'),
    ],
    ['a value of 256', { a: long(256) }, invalid('Tag value exceeds the maximum length of 255 characters'), undefined],
    [
      'a value of 257',
      { a: long(257) },
      invalid('Tag value exceeds the maximum length of 255 characters'),
      invalid('Tag value exceeds the maximum length of 256 characters'),
    ],
  ])('%s', async (_title, tags, inEucalyptus, inAws) => {
    for (const [fidelity, refusal] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      const parameters = { 'ResourceId.1': volumes[fidelity], ...tagParameters(tags) }
      if (refusal !== undefined) expect(await clouds[fidelity].refusal('CreateTags', parameters)).toBe(refusal)
      else expect(await clouds[fidelity].call('CreateTags', parameters)).toMatchObject({ return: 'true' })
    }
  })

  test('a key twice', async () => {
    const twice = { 'Tag.1.Key': 'a', 'Tag.1.Value': 'b', 'Tag.2.Key': 'a', 'Tag.2.Value': 'c' }
    const of = (id: string) => ({ 'ResourceId.1': id, ...twice })
    expect(await eucalyptus.refusal('CreateTags', of(volumes.eucalyptus))).toBe(invalid('Duplicate tag key'))
    expect(await aws.refusal('CreateTags', of(volumes.aws))).toBe(invalid("Duplicate tag key 'a' specified."))
  })

  test.each([
    ['volume', "400 InvalidID: The ID 'volume' is not valid"],
    ['key-12345678', "400 InvalidID: The ID 'key-12345678' is not valid"],
    ['emi-12345678', "400 InvalidAMIID.NotFound: The image ID 'emi-12345678' does not exist"],
    ['i-12345678', "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist"],
    ['vol-12345678', "400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist"],
    ['snap-12345678', "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."],
    ['sg-12345678', "400 InvalidGroup.NotFound: The security group 'sg-12345678' does not exist"],
    ['eipalloc-12345678', "400 InvalidID: The ID 'eipalloc-12345678' is not valid"],
  ])('%s leaves the others without tags, too', async (id, refusal) => {
    const parameters = { 'ResourceId.1': volumes.eucalyptus, 'ResourceId.2': id, ...tagParameters({ both: 'x' }) }
    expect(await eucalyptus.refusal('CreateTags', parameters)).toBe(refusal)
    expect(await describedTags(eucalyptus, { 'Filter.1.Name': 'key', 'Filter.1.Value.1': 'both' })).toEqual([])
  })

  test("another account's: false in eucalyptus, not there in aws", async () => {
    const [alice, bob] = [await eucalyptus.account('alice'), await aws.account('bob')]
    expect(await tag(eucalyptus, volumes.eucalyptus, { a: 'b' }, alice)).toMatchObject({ return: 'false' })
    const parameters = { 'ResourceId.1': volumes.aws, ...tagParameters({ a: 'b' }) }
    expect(await aws.refusal('CreateTags', parameters, bob)).toBe(
      `400 InvalidVolume.NotFound: The volume '${volumes.aws}' does not exist`,
    )
    expect(await describedTags(eucalyptus, {}, alice)).toEqual([])
  })

  test('the fifty-first, of one request or of several', async () => {
    for (const it of [eucalyptus, aws]) {
      const id = await makeVolume(it)
      const tags = (from: number, to: number) =>
        Object.fromEntries(Array.from({ length: to - from + 1 }, (_, index) => [`key${from + index}`, 'x']))
      const limit = '400 TagLimitExceeded: The maximum number of Tags for a resource has been reached.'
      const parameters = (from: number, to: number) => ({ 'ResourceId.1': id, ...tagParameters(tags(from, to)) })
      expect(await it.refusal('CreateTags', parameters(1, 51))).toBe(limit)
      await it.call('CreateTags', parameters(1, 49))
      expect(await it.refusal('CreateTags', parameters(50, 51))).toBe(limit)
      // The last one fits, and so does another value.
      await it.call('CreateTags', parameters(49, 50))
      expect(it.cloud.tags.get(`${it.administrator.accountId}/${id}`)?.tags).toHaveLength(50)
    }
  })
})

/** One resource of each kind, with the place of its tags in the answer that describes it. */
async function resources(it: TestCloud): Promise<[id: string, type: string, action: string, path: string[]][]> {
  const image = await it.register()
  const instance = await it.run({ ImageId: image })
  const volume = await makeVolume(it)
  const snapshot = await makeSnapshot(it, volume)
  const group = await createGroup(it, `group-${it.cloud.ids.uuid()}`)
  await it.idle()
  return [
    [image, 'image', 'DescribeImages', ['imagesSet', '0']],
    [instance, 'instance', 'DescribeInstances', ['reservationSet', '0', 'instancesSet', '0']],
    [volume, 'volume', 'DescribeVolumes', ['volumeSet', '0']],
    [snapshot, 'snapshot', 'DescribeSnapshots', ['snapshotSet', '0']],
    [group, 'security-group', 'DescribeSecurityGroups', ['securityGroupInfo', '0']],
  ]
}

describe.each(['eucalyptus', 'aws'] as const)('effect in %s', async (fidelity) => {
  const it = clouds[fidelity]
  const all = await resources(it)
  if (fidelity === 'aws') {
    const address = theText(await it.call('AllocateAddress'), 'allocationId')
    all.push([address, 'elastic-ip', 'DescribeAddresses', ['addressesSet', '0']])
  }

  test.each(all)('%s, a resource of type %s, shows its tags, and is found by them', async (id, type, action, path) => {
    const unique = `value of ${id}`
    expect(
      await tag(
        it,
        id.toUpperCase().replace(/^[A-Z]+/, (prefix) => prefix.toLowerCase()),
        { Name: unique, __proto__x: '', two: '' },
      ),
    ).toMatchObject({
      return: 'true',
    })
    await tag(it, id, { two: '2' })
    expect(await describedTags(it, { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': id })).toEqual([
      `${type} ${id} Name=${unique}`,
      `${type} ${id} __proto__x=`,
      `${type} ${id} two=2`,
    ])
    const by = (name: string, value: string) => it.call(action, { 'Filter.1.Name': name, 'Filter.1.Value.1': value })
    const [list = ''] = path
    for (const [name, value] of [
      ['tag:Name', 'value of *'],
      ['tag-value', unique],
      ['tag-key', 'Name'],
    ] as const) {
      expect(JSON.stringify(items(await by(name, value), list))).toContain(id)
    }
    const found = await by('tag:Name', unique)
    expect(items(found, list)).toHaveLength(1)
    expect(items(deep(found, ...path) ?? '', 'tagSet')).toEqual([
      { key: 'Name', value: unique },
      { key: '__proto__x', value: '' },
      { key: 'two', value: '2' },
    ])
    expect(items(await by('tag:Name', 'another'), list)).toEqual([])
  })

  test('an account sees its own tags on a public image, and nobody else does', async () => {
    const alice = await it.account('alice-of-the-image')
    const image = await it.register()
    await it.cloud.store.change((draft) => {
      const images = it.cloud.images.in(draft)
      images.put({ ...images.get(image)!, public: true })
    })
    await tag(it, image, { Name: 'mine' })
    expect(await tag(it, image, { Name: 'hers' }, alice)).toMatchObject({ return: 'true' })
    const shown = async (as = it.administrator) =>
      deep(await it.call('DescribeImages', { 'ImageId.1': image }, as), 'imagesSet', '0', 'tagSet')
    expect(await shown()).toEqual([{ key: 'Name', value: 'mine' }])
    expect(await shown(alice)).toEqual([{ key: 'Name', value: 'hers' }])
    expect(await describedTags(it, {}, alice)).toEqual([`image ${image} Name=hers`])
  })

  test('the tags of what is gone are gone', async () => {
    const volume = await makeVolume(it)
    const snapshot = await makeSnapshot(it, volume)
    await tag(it, snapshot, { going: 'soon' })
    await it.call('DeleteSnapshot', { SnapshotId: snapshot })
    expect(await describedTags(it, { 'Filter.1.Name': 'key', 'Filter.1.Value.1': 'going' })).toEqual([])
    await tag(it, volume, { staying: 'here' })
    expect(it.cloud.tags.list().some(({ resourceId }) => resourceId === snapshot)).toBe(false)
    expect(it.cloud.tags.list().some(({ resourceId }) => resourceId === volume)).toBe(true)
  })
})

test('eucalyptus takes blanks off, aws keeps them', async () => {
  await tag(eucalyptus, volumes.eucalyptus, { ' blank ': ' kept? ' })
  await tag(aws, volumes.aws, { ' blank ': ' kept? ' })
  const tags = ({ cloud }: TestCloud) =>
    cloud.tags.list().flatMap((one) => one.tags.map(({ key, value }) => `${key}=${value}`))
  expect(tags(eucalyptus)).toContain('blank=kept?')
  expect(tags(aws)).toContain(' blank = kept? ')
})
