import ReleaseAddress from '../ec2/address/ReleaseAddress.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'released-address-stays',
    "An elastic address that was released is still the account's, as where the pool is swept once a day.",
  ],
  ReleaseAddress,
  () => async () => ({ return: true }),
)
