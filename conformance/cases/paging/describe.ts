import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { registerImage, registerRandomImage, uploadBundle } from '../../images.ts'
import { terminateLater } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { makeSnapshot, makeVolume } from '../../volumes.ts'

const source =
  'EC2 API Reference, Pagination; ComputeService of Eucalyptus, which takes MaxResults where its messages have it, and answers everything at once'
const base = { level: 'SHOULD', source, seconds: 5, cents: 1 } as const
const size = 5

/** Descriptions that know no pages in Eucalyptus: a parameter that it does not know is refused (section 1.2). */
const whole = ['DescribeImages', 'DescribeSecurityGroups']

/** What is described, and in which field of each page are the ids. */
interface Walk {
  readonly action: string
  readonly set: string
  readonly idOf: (entry: Xml) => string[]
  readonly Filter?: Parameters[]
  readonly Owner?: readonly string[]
}

/** The ids of all pages of a description, and asserts that AWS puts no more on one than was asked for. */
async function walk(tools: Tools, { action, set, idOf, ...more }: Walk): Promise<string[]> {
  const seen: string[] = []
  const isPaged = tools.target.fidelity === 'aws' || !whole.includes(action)
  let NextToken: string | undefined
  do {
    const asked: Parameters = { ...(isPaged && { MaxResults: size }), NextToken, ...more }
    const answer: Xml = await tools.administrator.ec2.call(action, asked)
    const ids = list(answer, set).flatMap(idOf)
    if (tools.target.fidelity === 'aws') assert.ok(ids.length <= size, `${ids.length} on a page of ${size}`)
    seen.push(...ids)
    NextToken = text(answer, 'nextToken') || undefined
  } while (NextToken !== undefined)
  assert.equal(new Set(seen).size, seen.length, 'something is on two pages')
  return seen
}

const idIn = (name: string) => (entry: Xml) => [text(entry, name) ?? '']

const volumes: Case = defineCase({
  ...base,
  id: 'paging/volumes-and-tags',
  title: 'seven volumes and their tags come each once, in AWS in pages of five',
  covers: ['DescribeVolumes', 'DescribeTags'],
  needs: ['ebs'],
  async run(tools) {
    const ids = await Promise.all(Array.from({ length: 7 }, () => makeVolume(tools)))
    const Key = tools.name('key')
    await tools.administrator.ec2.call('CreateTags', { ResourceId: ids, Tag: [{ Key, Value: 'x' }] })
    const Filter = [{ Name: 'tag-key', Value: [Key] }]
    const described = { action: 'DescribeVolumes', set: 'volumeSet', idOf: idIn('volumeId') }
    assert.deepEqual((await walk(tools, { ...described, Filter })).sort(), [...ids].sort())
    const all = await walk(tools, described)
    assert.ok(ids.every((id) => all.includes(id)))
    const tags = { action: 'DescribeTags', set: 'tagSet', idOf: idIn('resourceId') }
    const keyed = [{ Name: 'key', Value: [Key] }]
    assert.deepEqual((await walk(tools, { ...tags, Filter: keyed })).sort(), [...ids].sort())
  },
})

const instances: Case = defineCase({
  ...base,
  id: 'paging/instances',
  title: 'six instances and their status come each once, in AWS in pages of five',
  covers: ['DescribeInstances', 'DescribeInstanceStatus', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store'],
  cents: 2,
  async run(tools) {
    const ImageId = await registerRandomImage(tools)
    const { name: InstanceType } = tools.target.instanceType
    const asked = { ImageId, InstanceType, MinCount: 6, MaxCount: 6 }
    const made = list(await tools.administrator.ec2.call('RunInstances', asked), 'instancesSet')
    const ids = made.map((instance) => text(instance, 'instanceId') ?? '')
    for (const id of ids) terminateLater(tools, id)
    const idOf = (entry: Xml) => list(entry, 'instancesSet').flatMap(idIn('instanceId'))
    const Filter = [{ Name: 'image-id', Value: [ImageId] }]
    const described = { action: 'DescribeInstances', set: 'reservationSet', idOf, Filter }
    assert.deepEqual((await walk(tools, described)).sort(), [...ids].sort())
    const look = () =>
      walk(tools, { action: 'DescribeInstanceStatus', set: 'instanceStatusSet', idOf: idIn('instanceId') })
    await tools.until('the status of six instances', look, (seen) => ids.every((id) => seen.includes(id)))
  },
})

const groups: Case = defineCase({
  ...base,
  id: 'paging/groups',
  title: 'seven security groups come each once, in AWS in pages of five',
  covers: ['DescribeSecurityGroups'],
  needs: ['security-groups'],
  async run(tools) {
    const made = await Promise.all(Array.from({ length: 7 }, () => makeGroup(tools)))
    const described = { action: 'DescribeSecurityGroups', set: 'securityGroupInfo', idOf: idIn('groupId') }
    const all = await walk(tools, described)
    assert.ok(made.every(({ id }) => all.includes(id)))
  },
})

const images: Case = defineCase({
  ...base,
  id: 'paging/images-and-snapshots',
  title: 'six images, and the snapshots of six volumes come each once, in AWS in pages of five',
  covers: ['DescribeImages', 'DescribeSnapshots'],
  needs: ['s3', 'images', 'ebs'],
  seconds: 12,
  async run(tools) {
    const six = <Made>(make: () => Promise<Made>) => Promise.all(Array.from({ length: 6 }, make))
    const volume = await makeVolume(tools)
    const snapshots = await six(() => makeSnapshot(tools, volume))
    const { location } = await uploadBundle(tools)
    const made = await six(() => registerImage(tools, location, { VirtualizationType: 'hvm' }))
    const Owner = ['self']
    const described = { action: 'DescribeImages', set: 'imagesSet', idOf: idIn('imageId'), Owner }
    const Filter = [{ Name: 'manifest-location', Value: [location] }]
    assert.deepEqual((await walk(tools, { ...described, Filter })).sort(), [...made].sort())
    const copies = { action: 'DescribeSnapshots', set: 'snapshotSet', idOf: idIn('snapshotId'), Owner }
    const ofVolume = [{ Name: 'volume-id', Value: [volume] }]
    assert.deepEqual((await walk(tools, { ...copies, Filter: ofVolume })).sort(), [...snapshots].sort())
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'paging/refusals',
  title: 'AWS refuses pages of fewer than five, of what was named, and tokens that are none; Eucalyptus cuts nothing',
  covers: ['DescribeVolumes', 'DescribeSnapshots'],
  needs: ['ebs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const VolumeId = [await makeVolume(tools), await makeVolume(tools)]
    const asked = (parameters: Parameters) => ec2.call('DescribeVolumes', parameters)
    if (tools.target.fidelity === 'eucalyptus') {
      const answer = await asked({ VolumeId, MaxResults: 1 })
      assert.deepEqual([list(answer, 'volumeSet').length, text(answer, 'nextToken') || undefined], [2, undefined])
      return
    }
    const invalid = refusal('InvalidParameterValue', 400)
    await tools.refuses(asked({ MaxResults: 1 }), invalid)
    await tools.refuses(asked({ MaxResults: 5, NextToken: 'none' }), invalid)
    await tools.refuses(ec2.call('DescribeSnapshots', { NextToken: 'none' }), invalid)
    await tools.refuses(asked({ VolumeId, MaxResults: 5 }), refusal('InvalidParameterCombination', 400))
  },
})

export default [volumes, instances, groups, images, refusals]
