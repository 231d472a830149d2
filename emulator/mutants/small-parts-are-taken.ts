import { StoreRefusal } from '../objects/refusal.ts'
import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'small-parts-are-taken',
    'An upload of parts that are too small is answered as completed, as where the limit was set to nothing.',
  ],
  'CompleteMultipartUpload',
  (run) => async (world, call, found) => {
    try {
      return await run(world, call, found)
    } catch (error) {
      if (!(error instanceof StoreRefusal && error.code === 'EntityTooSmall')) throw error
      return { xml: '<CompleteMultipartUploadResult/>' }
    }
  },
)
