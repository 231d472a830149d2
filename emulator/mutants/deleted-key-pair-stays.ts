import DeleteKeyPair from '../ec2/keypair/DeleteKeyPair.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deleted-key-pair-stays',
    'A key pair that was deleted can be launched with, as where it only leaves the list of a web page.',
  ],
  DeleteKeyPair,
  () => async () => ({ return: true }),
)
