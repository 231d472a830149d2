import { fault } from '../ec2/faults.ts'
import ResetInstanceAttribute from '../ec2/instance/ResetInstanceAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'reset-always-refuses',
    'The kernel of an instance is never reset, whatever its state, as where the state of machines is asked for and not theirs.',
  ],
  ResetInstanceAttribute,
  (run) => async (cloud, input, call) => {
    if (/^(kernel|ramdisk)$/.test(input.Attribute)) throw fault('resetNotStopped', input.InstanceId)
    return run(cloud, input, call)
  },
)
