import CreateKeyPair from '../ec2/keypair/CreateKeyPair.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'key-pair-name-is-taken-twice',
    'A key pair is replaced by another of its name, as where making one is a write like any other.',
  ],
  CreateKeyPair,
  (run) => async (cloud, input, call) => {
    await cloud.store.change((draft) => cloud.keyPairs.in(draft).remove(`${call.caller.accountId}/${input.KeyName}`))
    return run(cloud, input, call)
  },
)
