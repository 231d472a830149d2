import type { Fidelity } from '../../../src/protocol/faults.ts'
import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { tagsOf } from '../tag/tags.ts'
import { defaultGroup, defaultGroupName, groupNamed } from './group.ts'

/** A new group lets nothing in. There is no VPC, so that none can be named. */
export default operation('CreateSecurityGroup', {
  input: { GroupName: text, GroupDescription: text, VpcId: optional(text), TagSpecification: tagSpecifications },
  async run(cloud, { GroupName, GroupDescription, VpcId, TagSpecification }, { caller }) {
    const { fidelity } = cloud.settings
    if (/^sg-/.test(GroupName)) {
      throw fault('groupTextInvalid', GroupName, 'GroupName', 'Group names may not be in the format sg-*')
    }
    checkText('GroupName', GroupName, fidelity)
    checkText('GroupDescription', GroupDescription, fidelity)
    if (VpcId !== undefined) throw fault('vpcNotFound', VpcId)
    const tags = specifiedTags(cloud, TagSpecification, ['security-group'])['security-group']
    const id = cloud.ids.resource('sg')
    await cloud.store.change((draft) => {
      defaultGroup(cloud, draft, caller.accountId)
      if (GroupName === defaultGroupName) throw fault('groupNameReserved', GroupName)
      if (groupNamed(cloud, draft, caller.accountId, GroupName)) throw fault('groupDuplicate', GroupName)
      const group = { id, ownerId: caller.accountId, name: GroupName, description: GroupDescription, rules: [] }
      cloud.groups.in(draft).put(group)
      putTags(cloud, draft, caller, { id, type: 'security-group' }, tags)
    })
    const tagSet = tags.length ? tagsOf(cloud, caller)({ id }) : undefined
    return { return: true, groupId: id, tagSet }
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
