import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['content-type-is-lost', "An object's type is not kept, as of a store that guesses it from the key."],
  'PutObject',
  (run) => (world, call, found) =>
    run(world, { ...call, headers: { ...call.headers, 'content-type': undefined } }, found),
)
