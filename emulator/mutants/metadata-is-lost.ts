import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['metadata-is-lost', 'User metadata is not kept, as of a store that is a plain file system.'],
  'PutObject',
  (run) => (world, call, found) => {
    const headers = Object.entries(call.headers).filter(([name]) => !name.startsWith('x-amz-meta-'))
    return run(world, { ...call, headers: Object.fromEntries(headers) }, found)
  },
)
