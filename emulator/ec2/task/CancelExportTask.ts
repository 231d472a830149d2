import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { exportLife, findExport, moveExport } from './export-task.ts'

/** Ends an export task of AWS that is under way, of an instance or of an image; nothing of its file stays. */
export default operation('CancelExportTask', {
  input: { ExportTaskId: text },
  async run(cloud, { ExportTaskId }, { caller }) {
    refuseInEucalyptus(cloud, 'CancelExportTask')
    const task = await cloud.store.change((draft) => {
      const { id, state } = findExport(cloud.exportTasks.in(draft), ExportTaskId, caller)
      if (exportLife[state].on.cancel === undefined) throw fault('exportTaskOver', id, state)
      return moveExport(cloud, draft, id, 'cancel', { message: 'Cancelled by user' })
    })
    cloud.conversions.breakOff(task.id)
    return { return: true }
  },
})
