import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, optional, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { deviceMappings } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import { isInstanceId } from '../ids.ts'
import type { InstanceRecord } from '../instance/instance.ts'
import { operation } from '../operation.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { creationDevices } from './creation-devices.ts'
import type { ImageMapping, ImageRecord } from './image.ts'
import { demandFreeName, imageName, newImageId } from './naming.ts'

const input = {
  InstanceId: text,
  Name: optional(text),
  Description: optional(text),
  NoReboot: optional(flag),
  BlockDeviceMapping: deviceMappings,
  TagSpecification: tagSpecifications,
}

/**
 * Makes an image of an EBS-backed instance that runs or is stopped: snapshots of all volumes that it has, at one instant,
 * for which the guest is shut down and booted again unless that is not wanted (eucalyptus-behaviour.md section 2.6). The
 * answer comes at once, with an image that is pending.
 */
export default operation('CreateImage', {
  input,
  async run(cloud, request, { caller }) {
    const name = imageName(cloud, request.Name, request.Description)
    const tags = specifiedTags(cloud, request.TagSpecification, ['image', 'snapshot'])
    const imageId = await cloud.store.change((draft) => {
      demandFreeName(cloud, draft, name, caller)
      const instance = sourceInstance(cloud, draft, request.InstanceId, caller)
      const image = { ...pendingImage(cloud, draft, instance, name, request, caller), snapshotTags: tags.snapshot }
      cloud.images.in(draft).put(image)
      putTags(cloud, draft, caller, { id: image.id, type: 'image' }, tags.image)
      return image.id
    })
    cloud.disks.createImage(imageId)
    return { imageId }
  },
})

/** The instance to make an image of. Throws the faults. */
function sourceInstance(cloud: Cloud, draft: Draft, sent: string, caller: Caller): InstanceRecord {
  if (!isInstanceId(sent)) throw fault('creationInstanceId', sent)
  const instance = cloud.instances.in(draft).get(sent.toLowerCase())
  if (!instance) throw fault('creationInstanceNotFound', sent)
  if (instance.ownerId !== caller.accountId && !caller.administrator) throw fault('creationDenied', sent)
  if (instance.rootDeviceType !== 'ebs') throw fault('creationInstanceStore', instance.id)
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw fault('creationState', instance.id, instance.state)
  }
  const images = cloud.images.in(draft).list()
  const isUnderWay = images.some(({ source }) => source && 'instanceId' in source && source.instanceId === instance.id)
  if (isUnderWay && cloud.settings.fidelity === 'eucalyptus') throw fault('creationUnderWay')
  return instance
}

/** What Eucalyptus shows until the snapshots are there. */
const reserved = (deviceName: string): ImageMapping => ({
  deviceName,
  snapshotId: 'snap-EUCARESERVED',
  deleteOnTermination: false,
})

function pendingImage(
  cloud: Cloud,
  draft: Draft,
  instance: InstanceRecord,
  name: string,
  { Description, NoReboot = false, BlockDeviceMapping }: Values<typeof input>,
  caller: Caller,
): ImageRecord {
  const devices = creationDevices(cloud, draft, instance, BlockDeviceMapping, caller)
  const aws = cloud.settings.fidelity === 'aws'
  return {
    id: newImageId(cloud, 'machine'),
    ownerId: caller.accountId,
    kind: 'machine',
    state: 'pending',
    name,
    ...(Description !== undefined && { description: Description }),
    createdAt: cloud.clock.now().toISOString(),
    public: false,
    architecture: instance.architecture,
    ...(instance.platform && { platform: instance.platform }),
    location: `${caller.accountId}/${name}`,
    size: 0,
    mappings: aws ? [] : [reserved(instance.rootDeviceName), ...devices.added],
    virtualization: 'hvm',
    rootDeviceName: instance.rootDeviceName,
    ...(instance.bootMode && { bootMode: instance.bootMode }),
    // The guest of a stopped instance need not be asked.
    source: { instanceId: instance.id, reboot: !NoReboot && instance.state === 'running', ...devices },
  }
}
