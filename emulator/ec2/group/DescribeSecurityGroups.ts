import type { Caller } from '../../../src/protocol/operation.ts'
import { list, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { tagsOf } from '../tag/tags.ts'
import { defaultGroup, defaultGroupName, groupId, type SecurityGroupRecord } from './group.ts'
import { groupFilters, groupView } from './group-view.ts'

/**
 * The caller's groups, or those named and numbered; administrators see every account's by id, and with the pseudo name
 * `verbose`. A name that no group has is no fault in Eucalyptus, an id is.
 */
export default operation('DescribeSecurityGroups', {
  input: {
    GroupName: list(text),
    GroupId: list(text),
    Filter: filters,
    ...paging,
  },
  async run(cloud, { GroupName, GroupId, Filter, ...paged }, { caller }) {
    const verbose = [...GroupName, ...GroupId].includes('verbose')
    const names = GroupName.filter((name) => name !== 'verbose')
    const ids = GroupId.filter((id) => id !== 'verbose').map(groupId)
    const matches = filtering(groupFilters, Filter, tagsOf(cloud, caller))
    const groups = await visible(cloud, caller, verbose || ids.length > 0)
    for (const id of ids) if (!groups.some((group) => group.id === id)) throw fault('groupNotFound', id)
    const own = (group: SecurityGroupRecord) => verbose || group.ownerId === caller.accountId
    const unknown = names.find((name) => !groups.some((group) => group.name === name && own(group)))
    if (unknown !== undefined && cloud.settings.fidelity === 'aws') throw fault('groupNotFound', unknown)
    const asked = names.length + ids.length > 0
    const chosen = groups.filter(
      (group) => !asked || ids.includes(group.id) || (names.includes(group.name) && own(group)),
    )
    const { entries, nextToken } = page(cloud, chosen.filter(matches), paged, { key: ({ id }) => id, named: asked })
    return { securityGroupInfo: entries.map((group) => groupView(cloud, group, tagsOf(cloud, caller))), nextToken }
  },
})

/** The groups that the caller may see, the default group made when it is not there yet. */
async function visible(cloud: Cloud, caller: Caller, everybodys: boolean): Promise<SecurityGroupRecord[]> {
  const mine = (group: SecurityGroupRecord) => group.ownerId === caller.accountId
  if (!cloud.groups.list().some((group) => mine(group) && group.name === defaultGroupName)) {
    await cloud.store.change((draft) => defaultGroup(cloud, draft, caller.accountId))
  }
  return cloud.groups.list().filter((group) => mine(group) || (everybodys && caller.administrator))
}
