import ResetImageAttribute from '../ec2/image/ResetImageAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'sharing-is-reset-by-anybody',
    'Whoever may run an image takes back who may run it, as where only changes that give something are looked at.',
  ],
  ResetImageAttribute,
  (run) => (cloud, input, call) => run(cloud, input, { ...call, caller: { ...call.caller, administrator: true } }),
)
