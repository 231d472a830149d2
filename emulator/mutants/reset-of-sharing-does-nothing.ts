import ResetImageAttribute from '../ec2/image/ResetImageAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'reset-of-sharing-does-nothing',
    'Launch permissions stay when they are reset, as where the request knows kernels and ramdisks only.',
  ],
  ResetImageAttribute,
  () => async () => ({ return: true }),
)
