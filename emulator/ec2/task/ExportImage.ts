import { optional, struct, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { findImage } from '../image/image.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { checkBucket, exportFormat } from './export-target.ts'
import { keepExport } from './export-task.ts'
import { startExport } from './export-task-job.ts'
import { exportImageView } from './export-task-view.ts'

/** Makes a task of AWS that writes the root disk of an image of the caller's to Object Storage. */
export default operation('ExportImage', {
  input: {
    ClientToken: optional(text),
    Description: optional(text),
    DiskImageFormat: optional(text),
    ImageId: optional(text),
    RoleName: optional(text),
    S3ExportLocation: optional(struct({ S3Bucket: optional(text), S3Prefix: optional(text) })),
  },
  async run(cloud, request, { caller }) {
    refuseInEucalyptus(cloud, 'ExportImage', 2019)
    const { ImageId, ClientToken, Description, RoleName, S3ExportLocation } = request
    const format = exportFormat(request.DiskImageFormat)
    if (ImageId === undefined) throw fault('importMissing', 'ImageId')
    const image = findImage(cloud.images, ImageId)
    const mine = image && (image.ownerId === caller.accountId || caller.administrator)
    if (!mine || image.state !== 'available') throw fault('imageNotFound', ImageId)
    // A paravirtual root is no disk: its kernel is not on it.
    if (image.virtualization !== 'hvm') throw fault('notExportable', ImageId)
    const prefix = S3ExportLocation?.S3Prefix ?? ''
    const bucket = await checkBucket(cloud, { name: S3ExportLocation?.S3Bucket, prefix }, caller)
    const { task, fresh } = await cloud.store.change((draft) => {
      const earlier = cloud.exportTasks
        .in(draft)
        .list()
        .find((one) => one.clientToken === ClientToken && one.ownerId === caller.accountId)
      if (ClientToken !== undefined && earlier) return { task: earlier, fresh: false }
      const kept = keepExport(cloud, draft, caller, {
        ...{ format, bucket, imageId: image.id, prefix },
        ...(Description !== undefined && { description: Description }),
        ...(ClientToken !== undefined && { clientToken: ClientToken }),
        ...(RoleName !== undefined && { roleName: RoleName }),
      })
      return { task: kept, fresh: true }
    })
    if (fresh) startExport(cloud, task.id)
    return { ...exportImageView(task), diskImageFormat: format.toUpperCase(), roleName: task.roleName }
  },
})
