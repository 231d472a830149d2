import { list, text } from '../../../src/protocol/shape.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { exportsOf } from './export-task.ts'
import { exportTaskView } from './export-task-view.ts'

/** The caller's tasks of CreateInstanceExportTask; administrators see every account's by id. An unknown id is a fault. */
export default operation('DescribeExportTasks', {
  input: { ExportTaskId: list(text) },
  async run(cloud, { ExportTaskId }, { caller }) {
    refuseInEucalyptus(cloud, 'DescribeExportTasks')
    return { exportTaskSet: exportsOf(cloud, 'instance', ExportTaskId, caller).map(exportTaskView) }
  },
})
