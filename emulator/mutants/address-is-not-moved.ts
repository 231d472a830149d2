import AssociateAddress from '../ec2/address/AssociateAddress.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'address-is-not-moved',
    "An elastic address that is associated is not the instance's, as where the router was not told.",
  ],
  AssociateAddress,
  () => async () => ({ return: true }),
)
