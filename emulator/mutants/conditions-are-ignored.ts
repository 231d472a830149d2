import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'conditions-are-ignored',
    'An object is answered whatever the conditions of the request are, as by a proxy that strips their headers.',
  ],
  'GetObject',
  (run) => (world, call, found) => {
    const headers = Object.entries(call.headers).filter(([name]) => !name.startsWith('if-'))
    return run(world, { ...call, headers: Object.fromEntries(headers) }, found)
  },
)
