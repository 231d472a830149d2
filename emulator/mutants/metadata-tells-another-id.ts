import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-tells-another-id',
    'The metadata service tells the id of the instance that asked first, as where it is one service behind one address.',
  ],
  'metadata',
  (facts) => {
    let first: string | undefined
    return (cloud, id) => {
      const told = facts(cloud, id)
      first ??= told?.instanceId
      return told && first !== undefined ? { ...told, instanceId: first } : told
    }
  },
)
