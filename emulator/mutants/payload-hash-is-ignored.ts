import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'payload-hash-is-ignored',
    'A body is taken under the signature of another one, as where the hash in the header is signed but never computed.',
  ],
  'signatures',
  (authenticate) =>
    (...given) => {
      const proved = authenticate(...given)
      const { sha256: _, ...payload } = proved.payload
      return { ...proved, payload }
    },
)
