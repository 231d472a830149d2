import DisassociateAddress from '../ec2/address/DisassociateAddress.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'disassociation-does-nothing',
    'An elastic address that is taken from an instance stays with it, as where the router was not told.',
  ],
  DisassociateAddress,
  () => async () => ({ return: true }),
)
