import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md section 13; EC2 API Reference, DescribeAvailabilityZones and DescribeRegions'
const base = { level: 'MUST', needs: [], source, seconds: 1 } as const

const zones: Case = defineCase({
  ...base,
  id: 'filters/zones-and-regions',
  title: 'zones and regions are found by their names, and a name of none is refused',
  covers: ['DescribeAvailabilityZones', 'DescribeRegions'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { zone, region } = tools.target
    const named = async (action: string, set: string, field: string, Name: string, value: string) => {
      const answer = await ec2.call(action, { Filter: [{ Name, Value: [value] }] })
      return list(answer, set).map((one) => text(one, field))
    }
    const zonesBy = (name: string, value: string) =>
      named('DescribeAvailabilityZones', 'availabilityZoneInfo', 'zoneName', name, value)
    assert.deepEqual(await zonesBy('zone-name', zone), [zone])
    assert.deepEqual(await zonesBy('zone-name', 'nowhere'), [])
    assert.ok((await zonesBy('state', 'available')).includes(zone))
    const regionsBy = (value: string) => named('DescribeRegions', 'regionInfo', 'regionName', 'region-name', value)
    assert.deepEqual([await regionsBy(region), await regionsBy('nowhere')], [[region], []])
    const invalid = refusal('InvalidParameterValue', 400)
    await tools.refuses(ec2.call('DescribeAvailabilityZones', { ZoneName: ['nowhere'] }), invalid)
  },
})

const types: Case = defineCase({
  ...base,
  id: 'filters/instance-types',
  title: 'a type that there is not is refused, and the ones that there are can be listed',
  covers: ['DescribeInstanceTypes'],
  async run(tools) {
    const { ec2 } = tools.administrator
    await tools.refuses(ec2.call('DescribeInstanceTypes', { InstanceType: ['m0.none'] }), {
      eucalyptus: refusal('InternalFailure', 500, /m0\.none/),
      aws: refusal('InvalidInstanceType', 400, /m0\.none/),
    })
    const [set, name] = tools.of({
      eucalyptus: ['instanceTypeDetails', 'name'],
      aws: ['instanceTypeSet', 'instanceType'],
    })
    const all: (string | undefined)[] = []
    let NextToken: string | undefined
    do {
      const answer: Xml = await ec2.call('DescribeInstanceTypes', { NextToken })
      all.push(...list(answer, set).map((one) => text(one, name)))
      NextToken = text(answer, 'nextToken') || undefined
    } while (NextToken !== undefined)
    assert.ok(all.includes(tools.target.instanceType.name))
    assert.equal(new Set(all).size, all.length)
  },
})

export default [zones, types]
