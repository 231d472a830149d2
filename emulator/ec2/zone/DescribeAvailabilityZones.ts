import { list, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'

/** The one zone (a cluster, in Eucalyptus' terms; eucalyptus-behaviour.md section 13). */
export default operation('DescribeAvailabilityZones', {
  input: { ZoneName: list(text), ZoneId: list(text), Filter: filters, AllAvailabilityZones: optional(text) },
  async run({ settings }, { ZoneName, Filter }) {
    const zone = { zoneName: settings.zone, zoneState: 'available', regionName: settings.region, messageSet: [] }
    const unknown = ZoneName.find((name) => name !== zone.zoneName && name !== 'verbose')
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
    return { availabilityZoneInfo: matches(zone) ? [zone] : [] }
  },
})
