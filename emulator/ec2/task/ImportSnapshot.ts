import { optional, struct, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { clientData } from './import-client.ts'
import { checkedSource, diskContainer } from './import-source.ts'
import { earlierImport, keepImport } from './import-task.ts'
import { startImport } from './import-task-job.ts'
import { snapshotTaskView } from './import-task-view.ts'

/** Makes a task of AWS that imports a disk file of Object Storage into a snapshot. */
export default operation('ImportSnapshot', {
  input: {
    ClientData: clientData,
    ClientToken: optional(text),
    Description: optional(text),
    DiskContainer: optional(struct(diskContainer)),
    RoleName: optional(text),
  },
  async run(cloud, { ClientToken, Description, DiskContainer }, { caller }) {
    refuseInEucalyptus(cloud, 'ImportSnapshot')
    if (!DiskContainer) throw fault('importMissing', 'DiskContainer')
    const disk = await checkedSource(cloud, DiskContainer, caller)
    const { task, fresh } = await cloud.store.change((draft) => {
      const earlier = earlierImport(cloud.importTasks.in(draft).list(), caller, ClientToken)
      if (earlier) return { task: earlier, fresh: false }
      const kept = keepImport(cloud, draft, caller, {
        disks: [disk],
        ...(Description !== undefined && { description: Description }),
        ...(ClientToken !== undefined && { clientToken: ClientToken }),
      })
      return { task: kept, fresh: true }
    })
    if (fresh) startImport(cloud, task.id)
    return snapshotTaskView(cloud, task)
  },
})
