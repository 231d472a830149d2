import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { allocate } from '../../addresses.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerBlankSnapshot, runBlank, runFromVolumes } from '../../ebs-instances.ts'
import { assertFilters } from '../../filters.ts'
import { makeGroup, portForAll } from '../../groups.ts'
import { describeImages, registerImage, registerRandomImage, uploadBundle } from '../../images.ts'
import { findInstance, runInstance, untilRunning } from '../../instances.ts'
import { makeKeyPair } from '../../key-pairs.ts'
import { attachVolume, makeSnapshot, makeVolume } from '../../volumes.ts'

const source =
  'eucalyptus-behaviour.md section 2.4 (filters) and 1.5 (filters of no such name); EC2 API Reference, Filter'
const base = { level: 'MUST', source, seconds: 4, cents: 1 } as const

const images: Case = defineCase({
  ...base,
  id: 'filters/images',
  title: 'images are found by what they were registered with',
  covers: ['DescribeImages'],
  needs: ['s3', 'images'],
  async run(tools) {
    const { account } = tools.administrator
    const { location } = await uploadBundle(tools)
    const name = tools.name('filtered')
    const description = tools.name('description')
    const asked = { Name: name, Description: description, VirtualizationType: 'hvm' }
    const id = await registerImage(tools, location, asked)
    const other = await registerRandomImage(tools)
    const root = text((await describeImages(tools.administrator, id))[0], 'rootDeviceName') ?? ''
    const described = { action: 'DescribeImages', asked: { Owner: ['self'] }, set: 'imagesSet', id: 'imageId' }
    await assertFilters(tools, described, {
      ...{ id, other, narrow: 'name' },
      filters: {
        ...{ name, description, 'image-id': id, 'manifest-location': location, state: 'available' },
        ...{ architecture: 'x86_64', 'image-type': 'machine', 'is-public': 'false', 'owner-id': account.accountId },
        ...{ 'root-device-type': 'instance-store', 'root-device-name': root, 'virtualization-type': 'hvm' },
      },
    })
  },
})

const mappings: Case = defineCase({
  ...base,
  id: 'filters/images-by-their-volumes',
  title: 'images are found by the snapshots that they map',
  covers: ['DescribeImages'],
  needs: ['ebs'],
  seconds: 8,
  async run(tools) {
    const [{ ImageId, SnapshotId }, other] = [await registerBlankSnapshot(tools), await registerBlankSnapshot(tools)]
    const [image] = await describeImages(tools.administrator, ImageId)
    const device = text(list(image, 'blockDeviceMapping')[0], 'deviceName') ?? ''
    const described = { action: 'DescribeImages', asked: { Owner: ['self'] }, set: 'imagesSet', id: 'imageId' }
    const of = (name: string) => `block-device-mapping.${name}`
    await assertFilters(tools, described, {
      ...{ id: ImageId, other: other.ImageId, narrow: of('snapshot-id') },
      filters: {
        ...{ [of('snapshot-id')]: SnapshotId, [of('device-name')]: device, [of('volume-size')]: '1' },
        ...{ [of('delete-on-termination')]: 'true', 'root-device-type': 'ebs' },
      },
    })
  },
})

const instances: Case = defineCase({
  ...base,
  id: 'filters/instances',
  title: 'instances are found by what they were launched with and by what they have become',
  covers: ['DescribeInstances'],
  needs: ['ebs', 'security-groups', 'key-pairs'],
  seconds: 15,
  async run(tools) {
    const { account } = tools.administrator
    const { name: KeyName } = await makeKeyPair(tools)
    const group = await makeGroup(tools)
    const image = await registerBlankSnapshot(tools)
    const ClientToken = tools.name('token')
    const launch = { KeyName, SecurityGroup: [group.name], ClientToken }
    const { id, root } = await runFromVolumes(tools, image, launch)
    const other = await runFromVolumes(tools, image)
    const instance = await findInstance(tools.administrator, id)
    const address = text(instance, 'privateIpAddress') ?? ''
    const described = {
      ...{ action: 'DescribeInstances', set: 'reservationSet', id: 'instanceId' },
      each: (entry: Parameters<typeof list>[0]) => list(entry, 'instancesSet'),
    }
    await assertFilters(tools, described, {
      ...{ id, other: other.id, narrow: 'instance-id' },
      filters: {
        ...{ 'instance-id': id, 'image-id': image.ImageId, 'key-name': KeyName, 'client-token': ClientToken },
        // The short names are those of a time before VPCs.
        ...tools.of({ eucalyptus: { 'group-id': group.id, 'group-name': group.name }, aws: {} }),
        ...{ 'instance.group-id': group.id, 'instance.group-name': group.name },
        ...{ 'owner-id': account.accountId, architecture: 'x86_64' },
        ...{ 'instance-state-name': 'running', 'instance-state-code': '16', 'launch-index': '0' },
        ...{ 'instance-type': tools.target.instanceType.name, 'availability-zone': tools.target.zone },
        ...{ 'root-device-type': 'ebs', 'private-ip-address': address, 'virtualization-type': 'hvm' },
        ...{ 'block-device-mapping.volume-id': root.id, 'block-device-mapping.delete-on-termination': 'true' },
      },
    })
  },
})

const volumes: Case = defineCase({
  ...base,
  id: 'filters/volumes',
  title: 'volumes are found by their sizes, snapshots and attachments',
  covers: ['DescribeVolumes'],
  needs: ['ebs'],
  seconds: 15,
  async run(tools) {
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools))
    const id = await makeVolume(tools, { SnapshotId, Size: 3 })
    const other = await makeVolume(tools)
    const { id: instance } = await runBlank(tools)
    await attachVolume(tools, id, instance, '/dev/sdf')
    const described = { action: 'DescribeVolumes', set: 'volumeSet', id: 'volumeId' }
    await assertFilters(tools, described, {
      ...{ id, other, narrow: 'volume-id' },
      filters: {
        ...{ 'volume-id': id, size: '3', 'snapshot-id': SnapshotId, status: 'in-use' },
        ...{ 'availability-zone': tools.target.zone, 'attachment.instance-id': instance },
        ...{ 'attachment.device': '/dev/sdf', 'attachment.status': 'attached' },
        ...{ 'attachment.delete-on-termination': 'false' },
      },
    })
  },
})

const snapshots: Case = defineCase({
  ...base,
  id: 'filters/snapshots',
  title: 'snapshots are found by their volumes, sizes and descriptions',
  covers: ['DescribeSnapshots'],
  needs: ['ebs'],
  seconds: 8,
  async run(tools) {
    const { ec2, account } = tools.administrator
    const volume = await makeVolume(tools, { Size: 2 })
    const id = await makeSnapshot(tools, volume)
    const other = await makeSnapshot(tools, await makeVolume(tools))
    const [shown] = list(await ec2.call('DescribeSnapshots', { SnapshotId: [id] }), 'snapshotSet')
    const description = text(shown, 'description') ?? ''
    const described = {
      ...{ action: 'DescribeSnapshots', set: 'snapshotSet', id: 'snapshotId' },
      asked: { Owner: ['self'] },
    }
    await assertFilters(tools, described, {
      ...{ id, other, narrow: 'volume-id' },
      filters: {
        ...{ 'snapshot-id': id, 'volume-id': volume, 'volume-size': '2', status: 'completed', progress: '100%' },
        ...{ 'owner-id': account.accountId, description },
      },
    })
  },
})

const groups: Case = defineCase({
  ...base,
  id: 'filters/groups',
  title: 'security groups are found by their names and rules',
  covers: ['DescribeSecurityGroups'],
  needs: ['security-groups'],
  async run(tools) {
    const { ec2, account } = tools.administrator
    const [group, other] = [await makeGroup(tools), await makeGroup(tools)]
    const GroupId = group.id
    await ec2.call('AuthorizeSecurityGroupIngress', { GroupId, ...portForAll(4711) })
    const of = (name: string) => `ip-permission.${name}`
    const described = { action: 'DescribeSecurityGroups', set: 'securityGroupInfo', id: 'groupId' }
    await assertFilters(tools, described, {
      ...{ id: group.id, other: other.id, narrow: 'group-name' },
      filters: {
        ...{
          'group-id': group.id,
          'group-name': group.name,
          description: 'conformance',
          'owner-id': account.accountId,
        },
        ...{ [of('protocol')]: 'tcp', [of('from-port')]: '4711', [of('to-port')]: '4711', [of('cidr')]: '0.0.0.0/0' },
      },
    })
  },
})

const keys: Case = defineCase({
  ...base,
  id: 'filters/key-pairs',
  title: 'key pairs are found by their names and fingerprints',
  covers: ['DescribeKeyPairs'],
  needs: ['key-pairs'],
  async run(tools) {
    const [{ name: id, fingerprint }, { name: other }] = [await makeKeyPair(tools), await makeKeyPair(tools)]
    const described = { action: 'DescribeKeyPairs', set: 'keySet', id: 'keyName' }
    const filters = { 'key-name': id, fingerprint }
    await assertFilters(tools, described, { id, other, narrow: 'fingerprint', filters })
  },
})

const addresses: Case = defineCase({
  ...base,
  id: 'filters/addresses',
  title: 'addresses are found by themselves and by their instances',
  covers: ['DescribeAddresses'],
  needs: ['addresses', 's3', 'images', 'instance-store'],
  seconds: 10,
  async run(tools) {
    const [address, { publicIp: other }] = [await allocate(tools), await allocate(tools)]
    const { publicIp: id, domain } = address
    const instance = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, instance)
    await address.associate(instance)
    const described = { action: 'DescribeAddresses', set: 'addressesSet', id: 'publicIp' }
    const filters = { 'public-ip': id, 'instance-id': instance, domain }
    await assertFilters(tools, described, { id, other, narrow: 'instance-id', filters })
  },
})

const tags: Case = defineCase({
  ...base,
  id: 'filters/tags',
  title: 'tags are found by their keys, values and resources',
  covers: ['DescribeTags'],
  needs: ['ebs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const [id, other] = [await makeVolume(tools), await makeVolume(tools)]
    const [key, value] = [tools.name('key'), tools.name('value')]
    await ec2.call('CreateTags', { ResourceId: [id], Tag: [{ Key: key, Value: value }] })
    await ec2.call('CreateTags', { ResourceId: [other], Tag: [{ Key: 'other', Value: 'other' }] })
    const described = { action: 'DescribeTags', set: 'tagSet', id: 'resourceId' }
    const filters = { key, value, 'resource-id': id, 'resource-type': 'volume' }
    await assertFilters(tools, described, { id, other, narrow: 'key', filters })
  },
})

const status: Case = defineCase({
  ...base,
  id: 'filters/instance-status',
  title: 'the status of instances is found by their states, zones and health',
  covers: ['DescribeInstanceStatus'],
  needs: ['ebs'],
  seconds: 8,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const found = async (Name: string, value: string) => {
      const shown = await ec2.call('DescribeInstanceStatus', { InstanceId: [id], Filter: [{ Name, Value: [value] }] })
      return list(shown, 'instanceStatusSet').length
    }
    const filters = { 'instance-state-name': 'running', 'instance-state-code': '16' }
    for (const [Name, value] of Object.entries({ ...filters, 'availability-zone': tools.target.zone })) {
      assert.deepEqual([await found(Name, value), await found(Name, 'other')], [1, 0], Name)
    }
    // On AWS it is only known minutes after the start.
    const health = 'system-status.status'
    await tools.until(
      `${id} by its ${health}`,
      () => found(health, 'ok'),
      (count) => count === 1,
      600,
    )
    assert.equal(await found(health, 'impaired'), 0)
  },
})

export default [images, mappings, instances, volumes, snapshots, groups, keys, addresses, tags, status]
