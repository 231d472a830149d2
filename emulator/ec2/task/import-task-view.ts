import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { ImportTaskDisk, ImportTaskRecord } from './import-task.ts'

/** The name under which the work on a disk of a task is known. */
export const importName = ({ id }: ImportTaskRecord, index: number): string => `${id}-${index}`

/** How much of the files has come in, in per cent; nothing is said of a task that is over. */
function progress(cloud: Cloud, task: ImportTaskRecord): string | undefined {
  if (task.state !== 'active') return undefined
  const total = task.disks.reduce((sum, { fileBytes = 0 }) => sum + fileBytes, 0)
  const done = task.disks.reduce(
    (sum, disk, index) =>
      sum + (disk.snapshotId ? (disk.fileBytes ?? 0) : cloud.conversions.progress(importName(task, index))),
    0,
  )
  return String(total === 0 ? 0 : Math.floor((done / total) * 100))
}

function diskView(task: ImportTaskRecord, disk: ImportTaskDisk): { [name: string]: Answer } {
  const { bucket, key } = disk
  return {
    description: disk.description,
    diskImageSize: disk.fileBytes === undefined ? undefined : disk.fileBytes.toFixed(1),
    format: disk.format?.toUpperCase(),
    snapshotId: task.state === 'completed' ? disk.snapshotId : undefined,
    status: task.state,
    url: disk.url,
    userBucket: bucket === undefined ? undefined : { s3Bucket: bucket, s3Key: key },
  }
}

const messageOf = ({ state, message }: ImportTaskRecord) => (state === 'completed' ? undefined : message)

/** A task of ImportSnapshot as AWS shows it. */
export function snapshotTaskView(cloud: Cloud, task: ImportTaskRecord): { [name: string]: Answer } {
  const [disk = {}] = task.disks
  return {
    importTaskId: task.id,
    description: task.description,
    snapshotTaskDetail: {
      ...diskView(task, disk),
      encrypted: false,
      progress: progress(cloud, task),
      statusMessage: messageOf(task),
    },
    tagSet: [],
  }
}

/** A task of ImportImage as AWS shows it. */
export function imageTaskView(cloud: Cloud, task: ImportTaskRecord): { [name: string]: Answer } {
  const { image } = task
  return {
    importTaskId: task.id,
    architecture: image?.architecture,
    bootMode: image?.bootMode,
    description: task.description,
    encrypted: false,
    imageId: task.imageId,
    licenseType: image?.licenseType,
    platform: image?.platform,
    progress: progress(cloud, task),
    snapshotDetailSet: task.disks.map((disk) => ({ ...diskView(task, disk), deviceName: disk.deviceName })),
    status: task.state,
    statusMessage: messageOf(task),
    tagSet: [],
  }
}
