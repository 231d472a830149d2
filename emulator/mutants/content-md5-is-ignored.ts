import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'content-md5-is-ignored',
    'A body that is not what Content-MD5 says is stored, as where only signatures protect it.',
  ],
  'signatures',
  (authenticate) =>
    (...given) => {
      const proved = authenticate(...given)
      const { md5: _, ...payload } = proved.payload
      return { ...proved, payload }
    },
)
