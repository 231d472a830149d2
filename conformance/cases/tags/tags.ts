import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { runBlank } from '../../ebs-instances.ts'
import { makeGroup } from '../../groups.ts'
import { findInstance } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import { findVolume, makeVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 1.5, 5.5 and 13; EC2 User Guide, Tag your resources'
const base = { level: 'MUST', needs: ['ebs'], source, seconds: 3, cents: 1 } as const

/** The tags of a resource, as one account has put them. */
async function tagsOf({ ec2 }: Clients, id: string): Promise<string[]> {
  const Filter = [{ Name: 'resource-id', Value: [id] }]
  return list(await ec2.call('DescribeTags', { Filter }), 'tagSet')
    .map((tag) => `${text(tag, 'resourceType')} ${text(tag, 'key')}=${text(tag, 'value')}`)
    .filter((tag) => !tag.includes(' conformance='))
    .sort()
}

const shownTags = (resource: Xml | undefined) =>
  list(resource, 'tagSet')
    .map((tag) => `${text(tag, 'key')}=${text(tag, 'value')}`)
    .filter((tag) => !tag.startsWith('conformance='))
    .sort()

const types: Case = defineCase({
  ...base,
  id: 'tags/every-type-of-resource',
  title: 'an instance, image, volume, snapshot and group are tagged in one call, show their tags and are found by them',
  covers: [
    ...['CreateTags', 'DescribeTags', 'DeleteTags', 'DescribeInstances', 'DescribeImages', 'DescribeVolumes'],
    ...['DescribeSnapshots', 'DescribeSecurityGroups'],
  ],
  needs: ['ebs', 'security-groups'],
  seconds: 15,
  async run(tools) {
    const { administrator } = tools
    const { ec2 } = administrator
    const group = await makeGroup(tools)
    const { id, ImageId, SnapshotId, root } = await runBlank(tools)
    const Value = tools.name('value')
    const resources: [id: string, type: string, describe: string, set: string[]][] = [
      [id, 'instance', 'DescribeInstances', ['reservationSet']],
      [ImageId, 'image', 'DescribeImages', ['imagesSet']],
      [root.id, 'volume', 'DescribeVolumes', ['volumeSet']],
      [SnapshotId, 'snapshot', 'DescribeSnapshots', ['snapshotSet']],
      [group.id, 'security-group', 'DescribeSecurityGroups', ['securityGroupInfo']],
    ]
    const ResourceId = resources.map(([one]) => one)
    await ec2.call('CreateTags', { ResourceId, Tag: [{ Key: 'purpose', Value }, { Key: 'empty' }] })
    const found = async (describe: string, set: string[], Filter: Parameters[]) => {
      const all = list(await ec2.call(describe, { Filter }), ...set)
      return all.flatMap((one) => (set[0] === 'reservationSet' ? list(one, 'instancesSet') : [one]))
    }
    for (const [one, type, describe, set] of resources) {
      assert.deepEqual(await tagsOf(administrator, one), [`${type} empty=`, `${type} purpose=${Value}`])
      for (const Name of ['tag:purpose', 'tag-value']) {
        const [resource, ...others] = await found(describe, set, [{ Name, Value: [Value] }])
        assert.ok(JSON.stringify(resource).includes(one), `${one} is not found by ${Name}`)
        assert.deepEqual([shownTags(resource), others], [['empty=', `purpose=${Value}`], []])
      }
      assert.deepEqual(await found(describe, set, [{ Name: 'tag:purpose', Value: [`${Value}?`] }]), [])
    }
    await ec2.call('DeleteTags', { ResourceId, Tag: [{ Key: 'purpose' }] })
    for (const [one, type] of resources) assert.deepEqual(await tagsOf(administrator, one), [`${type} empty=`])
  },
})

const values: Case = defineCase({
  ...base,
  id: 'tags/replaced-and-deleted',
  title: 'a key has one value at a time; a tag is deleted by its key, or only where it has a value',
  covers: ['CreateTags', 'DeleteTags', 'DescribeTags'],
  async run(tools) {
    const { administrator } = tools
    const id = await makeVolume(tools)
    const call = (action: string, ...Tag: Parameters[]) => administrator.ec2.call(action, { ResourceId: [id], Tag })
    await call('CreateTags', { Key: 'one', Value: '1' }, { Key: 'two', Value: '2' })
    await call('CreateTags', { Key: 'one', Value: 'first' })
    assert.deepEqual(await tagsOf(administrator, id), ['volume one=first', 'volume two=2'])
    await call('DeleteTags', { Key: 'one', Value: '1' }, { Key: 'two', Value: '2' }, { Key: 'three' })
    assert.deepEqual(await tagsOf(administrator, id), ['volume one=first'])
    await call('DeleteTags', { Key: 'one' })
    assert.deepEqual(await tagsOf(administrator, id), [])
  },
})

const limits: Case = defineCase({
  ...base,
  id: 'tags/fifty-at-most',
  title: 'a resource has 50 tags, whose keys and values are long; the next one, and what is longer, is refused',
  covers: ['CreateTags', 'DescribeVolumes'],
  async run(tools) {
    const { administrator } = tools
    const id = await makeVolume(tools)
    const put = (...Tag: Parameters[]) => administrator.ec2.call('CreateTags', { ResourceId: [id], Tag })
    const [key, value] = tools.of({ eucalyptus: [127, 255], aws: [128, 256] })
    const invalid = refusal('InvalidParameterValue', 400)
    await tools.refuses(put({ Key: 'k'.repeat(key + 1), Value: '' }), invalid)
    await tools.refuses(put({ Key: 'k', Value: 'v'.repeat(value + 1) }), invalid)
    for (const Key of tools.of({ eucalyptus: ['aws:x', 'euca:x'], aws: ['aws:x'] })) {
      await tools.refuses(put({ Key, Value: 'x' }), invalid)
    }
    await put({ Key: 'k'.repeat(key), Value: 'v'.repeat(value) })
    // The suite's own tag counts.
    const own = list(await findVolume(tools, id), 'tagSet').length
    const many = Array.from({ length: 50 - own }, (_, index) => ({ Key: `key-${index}`, Value: 'x' }))
    await put(...many)
    await tools.refuses(put({ Key: 'one-more', Value: 'x' }), refusal('TagLimitExceeded', 400))
    await put({ Key: 'key-0', Value: 'another' })
    const kept = list(await findVolume(tools, id), 'tagSet').map((tag) =>
      [text(tag, 'key'), text(tag, 'value')].join('='),
    )
    assert.equal(kept.length, 50)
    assert.ok(kept.includes(`${'k'.repeat(key)}=${'v'.repeat(value)}`), 'the longest tag is not as it was given')
    assert.ok(kept.includes('key-0=another'), 'the tag has not its new value')
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'tags/of-another-account',
  title: "another account's volume cannot be tagged, and its tags are not shown",
  covers: ['CreateTags', 'DescribeTags'],
  needs: ['ebs', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const id = await makeVolume(tools)
    const Tag = [{ Key: 'owner', Value: 'me' }]
    await administrator.ec2.call('CreateTags', { ResourceId: [id], Tag })
    const theirs = user.ec2.call('CreateTags', { ResourceId: [id], Tag: [{ Key: 'owner', Value: 'them' }] })
    if (tools.target.fidelity === 'aws') await tools.refuses(theirs, refusal('InvalidVolume.NotFound', 400))
    else assert.equal(text(await theirs, 'return'), 'false')
    assert.deepEqual(await tagsOf(user, id), [])
    assert.deepEqual(await tagsOf(administrator, id), ['volume owner=me'])
  },
})

const ends: Case = defineCase({
  ...base,
  id: 'tags/end-with-their-resource',
  title: 'the tags of a deleted snapshot are no longer listed',
  covers: ['DescribeTags', 'DeleteSnapshot', 'CreateTags'],
  async run(tools) {
    const { administrator } = tools
    const VolumeId = await makeVolume(tools)
    const id = text(await administrator.ec2.call('CreateSnapshot', { VolumeId }), 'snapshotId') ?? ''
    tools.later(`snapshot ${id}`, () => administrator.ec2.call('DeleteSnapshot', { SnapshotId: id }))
    await administrator.ec2.call('CreateTags', { ResourceId: [id], Tag: [{ Key: 'short', Value: 'life' }] })
    assert.deepEqual(await tagsOf(administrator, id), ['snapshot short=life'])
    const look = async () => {
      const shown = await administrator.ec2.call('DescribeSnapshots', { SnapshotId: [id] })
      return text(list(shown, 'snapshotSet')[0], 'status')
    }
    await tools.until(`${id} completed`, look, (status) => status === 'completed')
    await administrator.ec2.call('DeleteSnapshot', { SnapshotId: id })
    await tools.until(
      `the end of the tags of ${id}`,
      () => tagsOf(administrator, id),
      (tags) => tags.length === 0,
    )
  },
})

const launched: Case = defineCase({
  ...base,
  id: 'tags/from-the-start',
  title: 'a launch and a new volume have the tags that are specified for them, and nothing else of the request has',
  covers: ['RunInstances', 'CreateVolume', 'DescribeInstances', 'DescribeVolumes'],
  seconds: 8,
  async run(tools) {
    const { administrator } = tools
    const Value = tools.name('value')
    const specified = (ResourceType: string) => ({
      TagSpecification: [{ ResourceType, Tag: [{ Key: 'purpose', Value }] }],
    })
    const { id, ImageId, root } = await runBlank(tools, specified('instance'))
    assert.deepEqual(shownTags(await findInstance(administrator, id)), [`purpose=${Value}`])
    const volume = await makeVolume(tools, { Size: 1, ...specified('volume') })
    assert.deepEqual(shownTags(await findVolume(tools, volume)), [`purpose=${Value}`])
    for (const other of [ImageId, root.id]) assert.deepEqual(await tagsOf(administrator, other), [])
  },
})

export default [types, values, limits, owners, ends, launched]
