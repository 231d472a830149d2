import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'

const source = 'eucalyptus-behaviour.md section 13; EC2 API Reference'

export default [
  defineCase({
    id: 'zones/zone-is-available',
    title: 'the zone of the target is described as available, in its region',
    level: 'MUST',
    covers: ['DescribeAvailabilityZones'],
    needs: [],
    source,
    seconds: 1,
    smoke: true,
    async run({ administrator, target }) {
      const answer = await administrator.ec2.call('DescribeAvailabilityZones', { ZoneName: [target.zone] })
      const zones = list(answer, 'availabilityZoneInfo').map((zone) => [
        text(zone, 'zoneName'),
        text(zone, 'zoneState'),
      ])
      assert.deepEqual(zones, [[target.zone, 'available']])
    },
  }),
  defineCase({
    id: 'zones/region-has-an-endpoint',
    title: 'the region of the target is described with the URL of its EC2 service',
    level: 'MUST',
    covers: ['DescribeRegions'],
    needs: [],
    source,
    seconds: 1,
    async run({ administrator, target }) {
      const answer = await administrator.ec2.call('DescribeRegions', { RegionName: [target.region] })
      const regions = list(answer, 'regionInfo').map((region) => text(region, 'regionName'))
      assert.deepEqual(regions, [target.region])
      assert.ok(text(list(answer, 'regionInfo')[0], 'regionEndpoint'))
    },
  }),
  defineCase({
    id: 'zones/instance-types',
    title: 'the type that the target names is described with the size that the target gives it',
    level: 'MUST',
    covers: ['DescribeInstanceTypes'],
    needs: [],
    source: `${source}; clients.md quirk 19: the two clouds answer differently under one name`,
    seconds: 1,
    async run(tools) {
      const { ec2 } = tools.administrator
      const { name, diskGiB } = tools.target.instanceType
      const answer = await ec2.call('DescribeInstanceTypes', { InstanceType: [name] })
      const [type] = list(answer, tools.of({ eucalyptus: 'instanceTypeDetails', aws: 'instanceTypeSet' }))
      assert.equal(text(type, tools.of({ eucalyptus: 'name', aws: 'instanceType' })), name)
      if (tools.target.fidelity === 'aws' && text(type, 'instanceStorageSupported') === 'false') {
        // Its roots are volumes, of which the target alone says how large they are.
        assert.equal(text(type, 'instanceStorageInfo', 'totalSizeInGB'), undefined)
        return
      }
      const size = tools.of({ eucalyptus: ['disk'], aws: ['instanceStorageInfo', 'totalSizeInGB'] })
      assert.equal(text(type, ...size), String(diskGiB))
    },
  }),
]
