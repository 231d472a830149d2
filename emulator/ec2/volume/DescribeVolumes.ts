import { list, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { tagsOf } from '../tag/tags.ts'
import { findVolume, isVolumeShown } from './volume.ts'
import { volumeFilters, volumeView } from './volume-view.ts'

/**
 * The caller's volumes; in Eucalyptus those deleted within the hour, too. Administrators see every account's by id, and
 * with the pseudo id `verbose`.
 */
export default operation('DescribeVolumes', {
  input: { VolumeId: list(text), Filter: filters, ...paging },
  async run(cloud, { VolumeId, Filter, ...asked }, { caller }) {
    const ids = VolumeId.filter((id) => id !== 'verbose')
    const everybodys = caller.administrator && ids.length < VolumeId.length
    const now = cloud.clock.now()
    const volumes = ids.length
      ? [...new Set(ids.map((id) => findVolume(cloud, cloud.volumes, id, caller)))]
      : cloud.volumes
          .list()
          .filter((volume) => isVolumeShown(volume, now) && (everybodys || volume.ownerId === caller.accountId))
    const tags = tagsOf(cloud, caller)
    const chosen = volumes.filter(filtering(volumeFilters(cloud), Filter, tags))
    const { entries, nextToken } = page(cloud, chosen, asked, { key: ({ id }) => id, named: ids.length > 0 })
    return { volumeSet: entries.map((volume) => volumeView(cloud, volume, tags)), nextToken }
  },
})
