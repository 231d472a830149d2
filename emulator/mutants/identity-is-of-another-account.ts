import GetCallerIdentity from '../sts/identity/GetCallerIdentity.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'identity-is-of-another-account',
    'The token service tells who asked first, as where its answer is cached without the key.',
  ],
  GetCallerIdentity,
  (run) => {
    let first: Awaited<ReturnType<typeof run>> | undefined
    return async (...asked) => {
      first ??= await run(...asked)
      return first
    }
  },
)
