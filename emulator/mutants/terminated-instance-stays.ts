import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'terminated-instance-stays',
    'Terminating an instance once more does not take it out of the answers, as in another cloud.',
  ],
  TerminateInstances,
  (run) => (cloud, input, call) => run({ ...cloud, settings: { ...cloud.settings, fidelity: 'aws' } }, input, call),
)
