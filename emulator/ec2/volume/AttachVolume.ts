import { text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import type { InstanceRecord } from '../instance/instance.ts'
import { ownedInstances } from '../instance/owned.ts'
import { operation } from '../operation.ts'
import { type Attachment, bareDevice, findVolume, moveVolume } from './volume.ts'
import { attachmentView } from './volume-view.ts'

/**
 * Attaches a volume to a running instance, which has it plugged in, or to a stopped one, which starts with it
 * (eucalyptus-behaviour.md section 7.2). The volume is in use from this moment.
 */
export default operation('AttachVolume', {
  input: { VolumeId: text, InstanceId: text, Device: text },
  async run(cloud, { VolumeId, InstanceId, Device }, { caller }) {
    if (!/^[a-zA-Z0-9/]{3,10}$/.test(Device)) throw fault('deviceInvalid', Device)
    const [known] = ownedInstances(cloud, [InstanceId], caller)
    const { volume, attachment } = await cloud.store.change((draft) => {
      const instance = known && cloud.instances.in(draft).get(known.id)
      if (!instance) throw fault('instanceNotFound', InstanceId)
      const wanted = findVolume(cloud, cloud.volumes.in(draft), VolumeId, caller)
      if (instance.state !== 'running' && instance.state !== 'stopped') throw fault('attachInstanceState', instance.id)
      if (isTaken(cloud, draft, instance, Device)) throw fault('deviceInUse', Device)
      if (wanted.attachment) throw fault('volumeInUse', wanted.id, wanted.attachment.instanceId)
      if (wanted.state !== 'available') throw fault('volumeNotAvailable', wanted.id, wanted.state)
      if (wanted.zone !== instance.zone) throw fault('attachZone', instance.zone)
      const place: Attachment = {
        instanceId: instance.id,
        device: Device,
        state: instance.state === 'running' ? 'attaching' : 'attached',
        attachedAt: cloud.clock.now().toISOString(),
        deleteOnTermination: false,
      }
      return { volume: moveVolume(cloud, draft, wanted, 'attach', { attachment: place }), attachment: place }
    })
    // Also for a stopped instance, which then does not start before a copy of the volume that is under way is made.
    cloud.disks.plug(volume.id)
    return attachmentView(cloud, volume.id, attachment)
  },
})

/** Whether a volume, an ephemeral disk or an instance-store root has the device already. */
function isTaken(cloud: Cloud, draft: Draft, instance: InstanceRecord, device: string): boolean {
  const volumes = cloud.volumes.in(draft).list()
  const attached = volumes.flatMap(({ attachment }) =>
    attachment?.instanceId === instance.id ? [attachment.device] : [],
  )
  const ephemerals = instance.ephemerals.map(({ deviceName }) => deviceName)
  const root = instance.rootDeviceType === 'instance-store' ? [instance.rootDeviceName] : []
  return [...attached, ...ephemerals, ...root].map(bareDevice).includes(bareDevice(device))
}
