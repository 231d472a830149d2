import { optional, text } from '../../../src/protocol/shape.ts'
import { shown } from '../../state/life.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { conversionLife, conversionMessages, isRemembered, moveConversion } from './conversion.ts'

/**
 * Ends a conversion task; what it has made goes with it. One that is over stays as it is, which Eucalyptus answers with
 * `true` (eucalyptus-behaviour.md section 4.2).
 */
export default operation('CancelConversionTask', {
  input: { ConversionTaskId: text, ReasonMessage: optional(text) },
  async run(cloud, { ConversionTaskId, ReasonMessage }, { caller }) {
    const id = ConversionTaskId.toLowerCase()
    const cancelled = await cloud.store.change((draft) => {
      const task = cloud.conversionTasks.in(draft).get(id)
      const mine = task && (task.ownerId === caller.accountId || caller.administrator)
      if (!mine || !isRemembered(cloud, task)) throw fault('conversionNotFound', ConversionTaskId)
      if (conversionLife[task.state].on.cancel === undefined) {
        if (cloud.settings.fidelity === 'aws') throw fault('conversionOver', id, shown(conversionLife, task.state))
        return false
      }
      moveConversion(cloud, draft, id, 'cancel', { message: ReasonMessage ?? conversionMessages.cancelled })
      return true
    })
    if (cancelled) cloud.conversions.breakOff(id)
    return { return: true }
  },
})
