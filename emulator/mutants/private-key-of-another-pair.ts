import { generateKeyPairSync } from 'node:crypto'
import CreateKeyPair from '../ec2/keypair/CreateKeyPair.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'private-key-of-another-pair',
    'A new key pair answers with a private key that is not its own, as where the halves come from two calls.',
  ],
  CreateKeyPair,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    return { ...answer, keyMaterial: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trimEnd() }
  },
)
