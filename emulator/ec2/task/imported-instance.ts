import { nest } from '../../../src/protocol/query.ts'
import { readFields } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { freeAddresses } from '../address/address.ts'
import { findGroup } from '../group/group.ts'
import { createInstances } from '../instance/create-instances.ts'
import { moveInstance, typeOf } from '../instance/instance.ts'
import { launchInput } from '../instance/launch-request.ts'
import { shutdownBehavior } from '../instance/shutdown-behavior.ts'
import { moveVolume } from '../volume/volume.ts'
import { type ConversionTaskRecord, conversionCaller, conversionMessages, moveConversion } from './conversion.ts'
import { ImportRefused } from './import-manifest.ts'

const rootDevice = '/dev/sda1'

/**
 * Makes the instance of an import as AWS does: stopped, with the imported volumes as its disks, of an image that nobody
 * else sees. It is made with the end of the task in one change.
 */
export async function makeImportedInstance(cloud: Cloud, { id }: ConversionTaskRecord): Promise<void> {
  await cloud.store.change((draft) => {
    const task = cloud.conversionTasks.in(draft).get(id)
    if (!task) throw new Error(`the task ${id} does not exist`)
    const instanceId = stoppedInstance(cloud, draft, task)
    for (const [index, { volumeId = '' }] of task.disks.entries()) {
      const volume = cloud.volumes.in(draft).get(volumeId)
      if (volume?.state !== 'available') throw new ImportRefused(`the volume ${volumeId} is not available any more`)
      const attachment = {
        ...({ instanceId, state: 'attached', deleteOnTermination: index === 0, atLaunch: index } as const),
        device: index === 0 ? rootDevice : `/dev/sd${String.fromCharCode(97 + index)}`,
        attachedAt: cloud.clock.now().toISOString(),
      }
      moveVolume(cloud, draft, volume, 'attach', { attachment })
    }
    moveConversion(cloud, draft, id, 'done', { instanceId, message: conversionMessages.completed })
  })
}

function stoppedInstance(cloud: Cloud, draft: Draft, task: ConversionTaskRecord): string {
  const { launch, ownerId: accountId } = task
  if (!launch) throw new Error(`${task.id} has nothing to launch`)
  if (freeAddresses(cloud, draft) < 1) throw new ImportRefused('there is no free address for the instance')
  const caller = conversionCaller(cloud, task)
  const named = [
    ...launch.groupNames.map((GroupName) => ({ GroupName })),
    ...launch.groupIds.map((GroupId) => ({ GroupId })),
  ]
  const groups = (named.length ? named : [{ GroupName: 'default' }]).map((one) => findGroup(cloud, draft, one, caller))
  const imageId = cloud.ids.resource('ami')
  const parameters = { ImageId: imageId, MinCount: '1', MaxCount: '1', UserData: launch.userData ?? '' }
  const monitored = [...Object.entries(parameters), ['Monitoring.Enabled', String(launch.monitoring)]] as const
  const checked = {
    image: {
      ...({
        id: imageId,
        ownerId: accountId,
        kind: 'machine',
        state: 'available',
        name: task.id,
        public: false,
      } as const),
      ...{ createdAt: task.createdAt, location: task.id, size: 0, mappings: [], rootDeviceName: rootDevice },
      architecture: launch.architecture,
      virtualization: 'hvm' as const,
      ...(launch.platform.toLowerCase() === 'windows' && { platform: 'windows' as const }),
    },
    type: typeOf(cloud, launch),
    ...{ kernelId: undefined, ramdiskId: undefined, metadataOptions: undefined, instanceProfile: undefined },
    disks: { volumes: [], ephemerals: [] },
    groupIds: [...new Set(groups.map((group) => group.id))],
    shutdownBehavior: shutdownBehavior('aws', launch.shutdownBehavior, 'ebs'),
  }
  const [instance] = createInstances(cloud, draft, readFields(launchInput, nest(monitored)), caller, checked, 1)
  if (!instance) throw new Error('no instance was made')
  moveInstance(cloud, draft, instance.id, 'halt')
  moveInstance(cloud, draft, instance.id, 'halted')
  return instance.id
}
