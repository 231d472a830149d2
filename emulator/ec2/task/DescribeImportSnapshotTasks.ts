import { integer, list, optional, text } from '../../../src/protocol/shape.ts'
import { filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { importsOf } from './import-task.ts'
import { snapshotTaskView } from './import-task-view.ts'

/** The caller's tasks of ImportSnapshot; administrators see every account's by id. An unknown id is a fault. */
export default operation('DescribeImportSnapshotTasks', {
  input: { ImportTaskId: list(text), Filters: filters, MaxResults: optional(integer), NextToken: optional(text) },
  async run(cloud, { ImportTaskId, Filters }, { caller }) {
    refuseInEucalyptus(cloud, 'DescribeImportSnapshotTasks')
    const tasks = importsOf(cloud, 'snapshot', { ids: ImportTaskId, asked: Filters }, caller)
    return { importSnapshotTaskSet: tasks.map((task) => snapshotTaskView(cloud, task)) }
  },
})
