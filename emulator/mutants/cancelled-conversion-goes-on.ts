import CancelConversionTask from '../ec2/task/CancelConversionTask.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['cancelled-conversion-goes-on', 'A conversion that is cancelled goes on, as where the worker asks nobody.'],
  CancelConversionTask,
  () => async () => ({ return: true }),
)
