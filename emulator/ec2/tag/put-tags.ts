import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { mostTags } from './tag-rules.ts'
import { onDisk, type Resource, resource, within } from './taggable.ts'
import { type Tag, type TagsRecord, tagsId } from './tags.ts'

/** Puts tags of the caller's account on a resource within a change: a key that it has gets the new value. Throws `tagLimit`. */
export function putTags(
  cloud: Cloud,
  draft: Draft,
  { accountId }: Pick<Caller, 'accountId'>,
  { id, type }: Pick<Resource, 'id' | 'type'>,
  added: readonly Tag[],
): void {
  if (!added.length) return
  const records = cloud.tags.in(draft)
  const merged = new Map((records.get(tagsId(accountId, id))?.tags ?? []).map(({ key, value }) => [key, value]))
  for (const { key, value } of added) merged.set(key, value)
  if (merged.size > mostTags) throw fault('tagLimit')
  const tags = Array.from(merged, ([key, value]) => ({ key, value }))
  records.put({ id: tagsId(accountId, id), ownerId: accountId, resourceId: id, resourceType: type, tags })
}

/** Whether what a record's tags are on is still there. */
export const bearsTags = (cloud: Cloud, { resourceId }: TagsRecord): boolean =>
  resource(cloud, onDisk, resourceId) !== undefined

/** Removes, within a change, the tags of resources that are gone: ids do not come back, so nobody can see them any more. */
export function forgetOrphans(cloud: Cloud, draft: Draft): void {
  for (const record of cloud.tags.list()) {
    const isGone = !bearsTags(cloud, record) && !resource(cloud, within(draft), record.resourceId)
    if (isGone) cloud.tags.in(draft).remove(record.id)
  }
}
