import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'buckets-come-on-one-page',
    'All buckets come whatever number is asked for, as of a store from before there were pages.',
  ],
  'ListBuckets',
  (run) => (world, call, found) =>
    run(world, { ...call, query: new Map([...call.query].filter(([name]) => name !== 'max-buckets')) }, found),
)
