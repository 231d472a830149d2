import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { bundleLife, callersTasks, moveTask, taskId } from './bundle-task.ts'
import { bundleView, stateOf } from './bundle-view.ts'

/** Breaks off a bundle task; what it has uploaded goes, and its instance starts again. */
export default operation('CancelBundleTask', {
  input: { BundleId: text },
  async run(cloud, { BundleId }, { caller }) {
    const { fidelity } = cloud.settings
    const id = taskId(BundleId)
    const task = await cloud.store.change((draft) => {
      const found = callersTasks(cloud, caller).some((one) => one.id === id) && cloud.bundleTasks.in(draft).get(id)
      if (!found) throw fault('bundleNotFound', BundleId)
      if (!bundleLife[found.state].on.cancel) throw fault('bundleNotCancellable', stateOf(fidelity, found))
      return moveTask(cloud, draft, id, 'cancel')
    })
    cloud.machines.cancelBundle(id)
    return { bundleInstanceTask: bundleView(fidelity, task) }
  },
})
