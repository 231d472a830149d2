import { optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { defaultGroupName, egressRules, findGroup, type SecurityGroupRecord } from './group.ts'

/** Deletes a group that no instance is in. AWS also keeps one that the rules of another group name. */
export default operation('DeleteSecurityGroup', {
  input: { GroupId: optional(text), GroupName: optional(text) },
  async run(cloud, request, { caller }) {
    await cloud.store.change((draft) => {
      const group = findGroup(cloud, draft, request, caller)
      if (group.name === defaultGroupName) throw fault('groupReserved', group.id)
      if (
        hasMembers(cloud, draft, group.id) ||
        (cloud.settings.fidelity === 'aws' && isNamed(cloud, draft, group.id))
      ) {
        throw fault('groupInUse', group.id)
      }
      cloud.groups.in(draft).remove(group.id)
    })
    return { return: true }
  },
})

const hasMembers = (cloud: Cloud, draft: Draft, id: string) =>
  cloud.instances
    .in(draft)
    .list()
    .some((instance) => instance.state !== 'terminated' && instance.groupIds.includes(id))

const isNamed = (cloud: Cloud, draft: Draft, id: string) =>
  cloud.groups
    .in(draft)
    .list()
    .some((group) => group.id !== id && names(group, id))

const names = (group: SecurityGroupRecord, id: string) =>
  [...group.rules, ...egressRules(group)].some(({ source }) => 'groupId' in source && source.groupId === id)
