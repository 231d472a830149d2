import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { findImport, importLife, moveImport } from './import-task.ts'

/** Ends an import task of AWS that is under way; what it has made goes with it. */
export default operation('CancelImportTask', {
  input: { ImportTaskId: optional(text), CancelReason: optional(text) },
  async run(cloud, { ImportTaskId, CancelReason }, { caller }) {
    refuseInEucalyptus(cloud, 'CancelImportTask')
    if (ImportTaskId === undefined) throw fault('importMissing', 'ImportTaskId')
    const { previous, now } = await cloud.store.change((draft) => {
      const before = findImport(cloud.importTasks.in(draft), ImportTaskId, caller)
      if (importLife[before.state].on.cancel === undefined) throw fault('importTaskOver', before.id, before.state)
      const after = moveImport(cloud, draft, before.id, 'cancel', { message: CancelReason ?? 'Cancelled by user' })
      return { previous: before.state, now: after }
    })
    cloud.conversions.breakOff(now.id)
    return { importTaskId: now.id, previousState: previous, state: now.state }
  },
})
