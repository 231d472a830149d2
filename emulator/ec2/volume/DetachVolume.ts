import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, optional, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { instanceId } from '../ids.ts'
import { operation } from '../operation.ts'
import { type Attachment, bareDevice, findVolume } from './volume.ts'
import { attachmentView } from './volume-view.ts'

const input = { VolumeId: text, InstanceId: optional(text), Device: optional(text), Force: optional(flag) }
type Input = Values<typeof input>

/**
 * Takes a volume off its instance: the guest is asked to let go, with `Force` it loses the disk
 * (eucalyptus-behaviour.md section 7.2). The root can be detached of a stopped instance only.
 */
export default operation('DetachVolume', {
  input,
  async run(cloud, request, { caller }) {
    const { id, attachment } = await cloud.store.change((draft) => detach(cloud, draft, request, caller))
    cloud.disks.unplug(id, request.Force ?? false)
    return attachmentView(cloud, id, attachment)
  },
})

function detach(cloud: Cloud, draft: Draft, { VolumeId, InstanceId, Device }: Input, caller: Caller) {
  const volumes = cloud.volumes.in(draft)
  const volume = findVolume(cloud, volumes, VolumeId, caller)
  const { id, attachment } = volume
  if (!attachment) throw fault('volumeNotAttached', id)
  if (InstanceId !== undefined && instanceId(InstanceId) !== attachment.instanceId) {
    throw fault('attachmentNotFound', id, InstanceId)
  }
  if (Device !== undefined && bareDevice(Device) !== bareDevice(attachment.device)) {
    throw fault('detachDevice', id, Device)
  }
  const instance = cloud.instances.in(draft).get(attachment.instanceId)
  const isRoot = instance && bareDevice(instance.rootDeviceName) === bareDevice(attachment.device)
  if (isRoot && instance.state !== 'stopped') throw fault('detachRoot', id, attachment.instanceId)
  if (attachment.state === 'attaching' || attachment.state === 'detaching') {
    throw fault('detachUnderWay', id, attachment.state)
  }
  const detaching: Attachment = { ...attachment, state: 'detaching' }
  volumes.put({ ...volume, attachment: detaching })
  return { id, attachment: detaching }
}
