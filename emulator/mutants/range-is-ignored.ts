import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['range-is-ignored', 'A range is answered with the whole object, as a cache in front of a store may do.'],
  'GetObject',
  (run) => (world, call, found) => run(world, { ...call, headers: { ...call.headers, range: undefined } }, found),
)
