import { list, optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { room } from '../instance/capacity.ts'
import { operation } from '../operation.ts'

const padded = (number: number, width: number, fill = ' ') => String(number).padStart(width, fill)

/** What a cloud administrator sees of the cluster: its name, and for each type how many instances have room (ClusterEndpoint). */
function systemRows(cloud: Cloud): { zoneName: string; zoneState: string }[] {
  const { zone, instanceTypes } = cloud.settings
  const types = instanceTypes.map((type) => {
    const [free, most] = [room(cloud, cloud.instances.list(), type), room(cloud, [], type)]
    const size = `${padded(type.cpus, 2)}   ${padded(type.memoryMiB, 4)}  ${padded(type.disk, 4)}`
    return { zoneName: `|- ${type.name}`, zoneState: `${padded(free, 4, '0')} / ${padded(most, 4, '0')}  ${size}` }
  })
  return [
    { zoneName: zone, zoneState: `127.0.0.1 arn:euca:eucalyptus:${zone}:cluster:${zone}-cc/` },
    { zoneName: '|- vm types', zoneState: 'free / max   cpu   ram  disk' },
    ...types,
  ]
}

/**
 * The one zone (a cluster, in Eucalyptus' terms; eucalyptus-behaviour.md section 13). The pseudo name `verbose` is of
 * Eucalyptus and for its administrators; from others it is passed over.
 */
export default operation('DescribeAvailabilityZones', {
  input: { ZoneName: list(text), ZoneId: list(text), Filter: filters, AllAvailabilityZones: optional(text) },
  async run(cloud, { ZoneName, Filter }, { caller }) {
    const { zone: zoneName, region: regionName, fidelity } = cloud.settings
    const zone = { zoneName, zoneState: 'available', regionName, messageSet: [] }
    const names = ZoneName.filter((name) => name !== 'verbose' || fidelity === 'aws')
    const verbose = names.length < ZoneName.length && caller.administrator
    const unknown = names.find((name) => name !== zoneName)
    if (unknown !== undefined) throw fault('zoneNotFound', unknown)
    const matches = filtering<typeof zone>(
      {
        'zone-name': (z) => [z.zoneName],
        state: (z) => [z.zoneState],
        'region-name': (z) => [z.regionName],
        message: () => [],
      },
      Filter,
    )
    if (!matches(zone)) return { availabilityZoneInfo: [] }
    return { availabilityZoneInfo: verbose ? systemRows(cloud) : [zone] }
  },
})
