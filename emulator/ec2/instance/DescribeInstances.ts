import { list, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { tagsOf } from '../tag/tags.ts'
import { isShown } from './instance.ts'
import { instanceFilters, reservations } from './instance-view.ts'
import { isCallers, ownedInstances } from './owned.ts'

/** The caller's instances, those that ended within the hour included (eucalyptus-behaviour.md section 5.1). */
export default operation('DescribeInstances', {
  input: { InstanceId: list(text), Filter: filters, ...paging },
  async run(cloud, { InstanceId, Filter, ...asked }, { caller }) {
    const ids = InstanceId.filter((id) => id !== 'verbose')
    const everybodys = caller.administrator && ids.length < InstanceId.length
    const now = cloud.clock.now()
    const instances = ids.length
      ? ownedInstances(cloud, ids, caller)
      : cloud.instances
          .list()
          .filter(
            (instance) =>
              isShown(instance, now) &&
              (everybodys ? isCallers(instance, caller) : instance.ownerId === caller.accountId),
          )
    const tags = tagsOf(cloud, caller)
    const chosen = instances.filter(filtering(instanceFilters(cloud), Filter, tags))
    const { entries, nextToken } = page(cloud, chosen, asked, { key: ({ id }) => id, named: ids.length > 0 })
    return { reservationSet: reservations(cloud, entries, tags), nextToken }
  },
})
