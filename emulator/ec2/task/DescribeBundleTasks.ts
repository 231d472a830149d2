import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { callersTasks, taskId } from './bundle-task.ts'
import { bundleFilters, bundleView } from './bundle-view.ts'

/**
 * The caller's bundle tasks. Administrators see every account's by id, and with the pseudo id `verbose`. An id that no
 * task has is passed over in Eucalyptus (eucalyptus-behaviour.md section 3.5).
 */
export default operation('DescribeBundleTasks', {
  input: { BundleId: list(text), Filter: filters },
  async run(cloud, { BundleId, Filter }, { caller }) {
    const { fidelity } = cloud.settings
    const ids = BundleId.filter((id) => id !== 'verbose').map(taskId)
    const matches = filtering(bundleFilters(fidelity), Filter)
    const seen = callersTasks(cloud, caller)
    const missing = ids.find((id) => !seen.some((task) => task.id === id))
    if (fidelity === 'aws' && missing !== undefined) throw fault('bundleNotFound', missing)
    const isAsked = (id: string, ownerId: string) =>
      ids.length ? ids.includes(id) : BundleId.length > 0 || ownerId === caller.accountId
    const tasks = seen.filter((task) => isAsked(task.id, task.ownerId) && matches(task))
    return { bundleInstanceTasksSet: tasks.map((task) => bundleView(fidelity, task)) }
  },
})
