import type { Answer } from '../../../src/protocol/xml.ts'
import type { ExportState, ExportTaskRecord } from './export-task.ts'

/** The words that tasks of images have for their states. */
const imageStates: Record<ExportState, string> = {
  active: 'active',
  completed: 'completed',
  cancelling: 'deleting',
  cancelled: 'deleted',
}

const messageOf = ({ state, message }: ExportTaskRecord) => (state === 'completed' ? undefined : message)

/** A task of ExportImage as AWS shows it. */
export function exportImageView(task: ExportTaskRecord): { [name: string]: Answer } {
  const { id, description, imageId, bucket, prefix, state } = task
  return {
    exportImageTaskId: id,
    description,
    imageId,
    progress: state === 'active' ? '0' : undefined,
    s3ExportLocation: { s3Bucket: bucket, s3Prefix: prefix },
    status: imageStates[state],
    statusMessage: messageOf(task),
    tagSet: [],
  }
}

/** A task of CreateInstanceExportTask as AWS shows it. */
export function exportTaskView(task: ExportTaskRecord): { [name: string]: Answer } {
  const { id, description, format, bucket, key, instanceId, targetEnvironment, state } = task
  return {
    exportTaskId: id,
    description,
    exportToS3: { diskImageFormat: format.toUpperCase(), s3Bucket: bucket, s3Key: key },
    instanceExport: { instanceId, targetEnvironment },
    state,
    statusMessage: messageOf(task),
    tagSet: [],
  }
}
