import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'etag-is-wrong',
    'The ETag of an upload is the hash of something else, as of a store that hashes what it compressed.',
  ],
  'PutObject',
  (run) => async (world, call, found) => {
    const answer = await run(world, call, found)
    const etag = answer.headers?.['etag']?.replace(/[0-9a-f]/g, (digit) =>
      (15 - Number.parseInt(digit, 16)).toString(16),
    )
    return { ...answer, headers: { ...answer.headers, etag } }
  },
)
