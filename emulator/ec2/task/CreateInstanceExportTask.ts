import { optional, struct, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { findImage } from '../image/image.ts'
import type { InstanceRecord } from '../instance/instance.ts'
import { ownedInstance } from '../instance/owned.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { checkBucket, exportFormat } from './export-target.ts'
import { keepExport } from './export-task.ts'
import { startExport } from './export-task-job.ts'
import { exportTaskView } from './export-task-view.ts'

const environments = ['citrix', 'vmware', 'microsoft']

/** Whether an instance came by an import, itself or as its image: AWS exports no others. */
function isImported(cloud: Cloud, { id, imageId, rootDeviceType }: InstanceRecord): boolean {
  if (rootDeviceType !== 'ebs') return false
  const snapshotIds = findImage(cloud.images, imageId)?.mappings?.map(({ snapshotId }) => snapshotId) ?? []
  return (
    cloud.conversionTasks.list().some((task) => task.instanceId === id) ||
    cloud.importTasks
      .list()
      .some(
        (task) =>
          task.imageId === imageId ||
          task.disks.some((disk) => disk.snapshotId && snapshotIds.includes(disk.snapshotId)),
      )
  )
}

/** Makes a task of AWS that writes the root disk of an imported instance, as it is now, to Object Storage. */
export default operation('CreateInstanceExportTask', {
  input: {
    Description: optional(text),
    InstanceId: optional(text),
    TargetEnvironment: optional(text),
    ExportToS3: optional(
      struct({
        ContainerFormat: optional(text),
        DiskImageFormat: optional(text),
        S3Bucket: optional(text),
        S3Prefix: optional(text),
      }),
    ),
  },
  async run(cloud, { Description, InstanceId, TargetEnvironment, ExportToS3 }, { caller }) {
    refuseInEucalyptus(cloud, 'CreateInstanceExportTask')
    if (InstanceId === undefined) throw fault('importMissing', 'InstanceId')
    if (TargetEnvironment === undefined) throw fault('importMissing', 'TargetEnvironment')
    if (!environments.includes(TargetEnvironment)) {
      throw fault('invalidParameterValue', TargetEnvironment, 'TargetEnvironment')
    }
    const { ContainerFormat, DiskImageFormat, S3Bucket, S3Prefix = '' } = ExportToS3 ?? {}
    // An OVA would need a description of the machine, which nobody here could test.
    if (ContainerFormat !== undefined) throw fault('invalidParameterValue', ContainerFormat, 'ContainerFormat')
    const format = exportFormat(DiskImageFormat)
    const instance = ownedInstance(cloud, InstanceId, caller)
    if (!isImported(cloud, instance)) throw fault('notExportable', instance.id)
    if (!['running', 'stopped'].includes(instance.state)) throw fault('instanceState', instance.id, instance.state)
    const bucket = await checkBucket(cloud, { name: S3Bucket, prefix: S3Prefix }, caller)
    const task = await cloud.store.change((draft) =>
      keepExport(cloud, draft, caller, {
        ...{ format, bucket, prefix: S3Prefix, instanceId: instance.id, targetEnvironment: TargetEnvironment },
        ...(Description !== undefined && { description: Description }),
      }),
    )
    startExport(cloud, task.id)
    return { exportTask: exportTaskView(task) }
  },
})
