import { list, optional, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'

/** One region, whose endpoint is this cloud's (eucalyptus-behaviour.md section 13). */
export default operation('DescribeRegions', {
  input: { RegionName: list(text), Filter: filters, AllRegions: optional(text) },
  async run(cloud, { RegionName, Filter }) {
    const region = { regionName: cloud.settings.region, regionEndpoint: cloud.endpoint() }
    const matches = filtering<typeof region>(
      { 'region-name': (r) => [r.regionName], endpoint: (r) => [r.regionEndpoint] },
      Filter,
    )
    const wanted = !RegionName.length || RegionName.includes(region.regionName)
    return { regionInfo: wanted && matches(region) ? [region] : [] }
  },
})
