import ImportKeyPair from '../ec2/keypair/ImportKeyPair.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'fingerprint-is-of-another-hash',
    'The fingerprint of an imported key is not that of its public half, as where all pairs are taken for made ones.',
  ],
  ImportKeyPair,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    return { ...answer, keyFingerprint: String(answer['keyFingerprint']).split(':').reverse().join(':') }
  },
)
