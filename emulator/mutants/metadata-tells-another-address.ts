import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-tells-another-address',
    'The metadata service tells an address that the instance does not have, as where the lease was renewed with another.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    return told && { ...told, privateAddress: '172.31.255.254' }
  },
)
