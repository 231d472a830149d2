import { integer, list, optional, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { type ExportTaskRecord, exportsOf } from './export-task.ts'
import { exportImageView } from './export-task-view.ts'

const table = { 'task-state': (task: ExportTaskRecord) => [String(exportImageView(task)['status'])] }

/** The caller's tasks of ExportImage; administrators see every account's by id. An unknown id is a fault. */
export default operation('DescribeExportImageTasks', {
  input: { ExportImageTaskId: list(text), Filter: filters, MaxResults: optional(integer), NextToken: optional(text) },
  async run(cloud, { ExportImageTaskId, Filter }, { caller }) {
    refuseInEucalyptus(cloud, 'DescribeExportImageTasks', 2019)
    const tasks = exportsOf(cloud, 'image', ExportImageTaskId, caller).filter(filtering(table, Filter))
    return { exportImageTaskSet: tasks.map(exportImageView) }
  },
})
