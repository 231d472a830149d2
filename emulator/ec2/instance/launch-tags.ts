import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags } from '../tag/tag-specification.ts'
import type { InstanceRecord } from './instance.ts'
import { volumesOf } from './instance-view.ts'
import type { LaunchRequest } from './launch-request.ts'

/** Puts the tags that a launch asks for on its instances and their volumes, within a change. Throws the faults. */
export function tagLaunch(
  cloud: Cloud,
  draft: Draft,
  request: LaunchRequest,
  caller: Caller,
  instances: readonly InstanceRecord[],
): void {
  const tags = specifiedTags(cloud, request.TagSpecification, ['instance', 'volume'], 'both')
  const volumes = tags.volume.length ? cloud.volumes.in(draft).list() : []
  for (const { id } of instances) {
    putTags(cloud, draft, caller, { id, type: 'instance' }, tags.instance)
    for (const volume of volumesOf(volumes, id)) {
      putTags(cloud, draft, caller, { id: volume.id, type: 'volume' }, tags.volume)
    }
  }
}
