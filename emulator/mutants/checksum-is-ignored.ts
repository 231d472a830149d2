import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'checksum-is-ignored',
    'A body that is not what its additional checksum says is stored, as of a store that is older than these.',
  ],
  'signatures',
  (authenticate) =>
    (...given) => {
      const proved = authenticate(...given)
      const { checksum: _, ...payload } = proved.payload
      return { ...proved, payload }
    },
)
