import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { isRemembered } from './conversion.ts'
import { conversionView } from './conversion-view.ts'

/**
 * The caller's conversion tasks; administrators see every account's by id, and with the pseudo id `verbose`. Unknown ids
 * are left out, where AWS faults (eucalyptus-behaviour.md section 4.2).
 */
export default operation('DescribeConversionTasks', {
  input: { ConversionTaskId: list(text) },
  async run(cloud, { ConversionTaskId }, { caller }) {
    const ids = ConversionTaskId.filter((id) => id !== 'verbose').map((id) => id.toLowerCase())
    const everybodys = caller.administrator && ConversionTaskId.length > 0
    const tasks = cloud.conversionTasks
      .list()
      .filter((task) => isRemembered(cloud, task) && (everybodys || task.ownerId === caller.accountId))
      .filter(({ id }) => ids.length === 0 || ids.includes(id))
    const unknown = ids.find((wanted) => !tasks.some(({ id }) => id === wanted))
    if (unknown !== undefined && cloud.settings.fidelity === 'aws') throw fault('conversionNotFound', unknown)
    return { conversionTasks: tasks.map((task) => conversionView(cloud, task)) }
  },
})
