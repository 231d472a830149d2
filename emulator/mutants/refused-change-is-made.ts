import ModifyInstanceAttribute from '../ec2/instance/ModifyInstanceAttribute.ts'
import { aroundOperation, codeOf } from './mutant.ts'

export default aroundOperation(
  [
    'refused-change-is-made',
    "A change to another account's instance is refused and made, as where the rights are looked at when it is done.",
  ],
  ModifyInstanceAttribute,
  (run) => async (cloud, input, call) => {
    try {
      return await run(cloud, input, call)
    } catch (error) {
      const isAnothers = codeOf(error, cloud) === 'InvalidInstanceID.NotFound' && cloud.instances.get(input.InstanceId)
      if (isAnothers) await run(cloud, input, { ...call, caller: { ...call.caller, administrator: true } })
      throw error
    }
  },
)
