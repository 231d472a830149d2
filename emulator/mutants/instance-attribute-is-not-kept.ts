import ModifyInstanceAttribute from '../ec2/instance/ModifyInstanceAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'instance-attribute-is-not-kept',
    "A change of an instance's attribute is answered and not kept, as where only the console of the vendor can.",
  ],
  ModifyInstanceAttribute,
  () => async () => ({ return: true }),
)
