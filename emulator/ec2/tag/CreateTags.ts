import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { forgetOrphans, putTags } from './put-tags.ts'
import { checkedTags, tagList } from './tag-rules.ts'
import { absentResource, resource, within } from './taggable.ts'

/**
 * Puts tags on resources of any kind, on all of them or on none (eucalyptus-behaviour.md section 13). On another account's
 * Eucalyptus answers `false`; to AWS it does not exist.
 */
export default operation('CreateTags', {
  input: { ResourceId: list(text), Tag: tagList },
  async run(cloud, { ResourceId, Tag }, { caller }) {
    const { fidelity } = cloud.settings
    const tags = checkedTags(fidelity, Tag)
    if (!ResourceId.length || !tags.length) {
      if (fidelity === 'aws') throw fault('missingParameter', ResourceId.length ? 'tagSet' : 'resourceIdSet')
      return { return: false }
    }
    const isDone = await cloud.store.change((draft) => {
      const resources = ResourceId.map((id) => {
        const found = resource(cloud, within(draft), id)
        const isTheirs = found && !found.mayTag(caller)
        if (!found || (isTheirs && fidelity === 'aws')) throw absentResource(cloud, id)
        return found
      })
      if (!resources.every((one) => one.mayTag(caller))) return false
      for (const one of resources) putTags(cloud, draft, caller, one, tags)
      forgetOrphans(cloud, draft)
      return true
    })
    return { return: isDone }
  },
})
