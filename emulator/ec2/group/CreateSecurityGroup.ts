import type { Fidelity } from '../../../src/protocol/faults.ts'
import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { defaultGroup, defaultGroupName, groupNamed } from './group.ts'

/** A new group lets nothing in. There is no VPC, so that none can be named. */
export default operation('CreateSecurityGroup', {
  input: { GroupName: text, GroupDescription: text, VpcId: optional(text) },
  async run(cloud, { GroupName, GroupDescription, VpcId }, { caller }) {
    const { fidelity } = cloud.settings
    if (/^sg-/.test(GroupName)) {
      throw fault('groupTextInvalid', GroupName, 'GroupName', 'Group names may not be in the format sg-*')
    }
    checkText('GroupName', GroupName, fidelity)
    checkText('GroupDescription', GroupDescription, fidelity)
    if (VpcId !== undefined) throw fault('vpcNotFound', VpcId)
    const id = cloud.ids.resource('sg')
    await cloud.store.change((draft) => {
      defaultGroup(cloud, draft, caller.accountId)
      if (GroupName === defaultGroupName) throw fault('groupNameReserved', GroupName)
      if (groupNamed(cloud, draft, caller.accountId, GroupName)) throw fault('groupDuplicate', GroupName)
      const group = { id, ownerId: caller.accountId, name: GroupName, description: GroupDescription, rules: [] }
      cloud.groups.in(draft).put(group)
    })
    return { return: true, groupId: id }
  },
})

/** The characters of AWS; Eucalyptus without a VPC has all that print (eucalyptus-behaviour.md section 13). */
const characters = {
  aws: { pattern: /^[\w .:/()#,@[\]+=&;{}!$*-]*$/, words: 'a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*' },
  eucalyptus: { pattern: /^[\x20-\x7e]*$/, words: 'ASCII' },
}

/** At most 255 characters, and a name at least one. */
function checkText(name: 'GroupName' | 'GroupDescription', value: string, fidelity: Fidelity): void {
  const { pattern, words } = characters[fidelity]
  if (value === '' && name === 'GroupName') throw fault('missingParameter', name)
  if (value.length > 255) throw fault('groupTextInvalid', value, name, 'It may have 255 characters at most.')
  if (!pattern.test(value)) {
    throw fault('groupTextInvalid', value, name, `Valid characters are: ${words}`)
  }
}
