import { list, struct, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { isReserved, textOrNothing } from './tag-rules.ts'
import { absentResource, type Resource, resource, within } from './taggable.ts'
import { type Tag, tagsId } from './tags.ts'

/** A tag to take off; with a value only where it has that value. */
interface Unwanted {
  readonly Key: string | undefined
  readonly Value: string | undefined
}

/**
 * Takes tags off resources, and passes over resources that are not there. Without any tag AWS takes off all, Eucalyptus
 * none (TagManager; EC2 API reference).
 */
export default operation('DeleteTags', {
  input: { ResourceId: list(text), Tag: list(struct({ Key: textOrNothing, Value: textOrNothing })) },
  async run(cloud, { ResourceId, Tag }, { caller }) {
    checkKeys(cloud, Tag)
    const { fidelity } = cloud.settings
    if (!ResourceId.length) {
      if (fidelity === 'aws') throw fault('missingParameter', 'resourceIdSet')
      return { return: false }
    }
    const isDone = await cloud.store.change((draft) => {
      const found = ResourceId.flatMap((id): Resource[] => {
        const one = resource(cloud, within(draft), id)
        if (one && !one.mayTag(caller) && fidelity === 'aws') throw absentResource(cloud, id)
        return one ? [one] : []
      })
      if (!found.every((one) => one.mayTag(caller))) return false
      const records = cloud.tags.in(draft)
      for (const { id } of found) {
        const record = records.get(tagsId(caller.accountId, id))
        if (!record) continue
        const tags = record.tags.filter((tag) => !isUnwanted(tag, Tag, fidelity === 'aws'))
        if (tags.length) records.put({ ...record, tags })
        else records.remove(record.id)
      }
      return true
    })
    return { return: isDone }
  },
})

function checkKeys({ settings: { fidelity } }: Cloud, unwanted: readonly Unwanted[]): void {
  for (const { Key = '' } of unwanted) {
    if (Key === '' || Key.trim().length > 128 || isReserved(fidelity, Key)) throw fault('tagKeyInvalid', Key)
  }
}

const isUnwanted = ({ key, value }: Tag, unwanted: readonly Unwanted[], noneIsAll: boolean) =>
  (noneIsAll && !unwanted.length) ||
  unwanted.some(({ Key, Value }) => Key === key && (Value === undefined || Value === value))
