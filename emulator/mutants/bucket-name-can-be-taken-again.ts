import { StoreRefusal } from '../objects/refusal.ts'
import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'bucket-name-can-be-taken-again',
    'Another account is told that it has made a bucket whose name is taken, as where names are unique in an account only.',
  ],
  'CreateBucket',
  (run) => async (world, call, found) => {
    try {
      return await run(world, call, found)
    } catch (error) {
      if (!(error instanceof StoreRefusal && error.code === 'BucketAlreadyExists')) throw error
      return { headers: { location: `/${call.bucket}` } }
    }
  },
)
