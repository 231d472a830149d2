import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'bucket-of-the-host-is-not-signed',
    'Version 2 signs the path only, as of a front end that takes the bucket out of the host before signatures are checked.',
  ],
  'signatures',
  (authenticate) =>
    ({ hostBucket: _, ...request }, ...rest) =>
      authenticate(request, ...rest),
)
