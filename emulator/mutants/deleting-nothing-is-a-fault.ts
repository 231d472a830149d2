import { StoreRefusal } from '../objects/refusal.ts'
import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['deleting-nothing-is-a-fault', 'Deleting an object that is not there is refused, as by a file system.'],
  'DeleteObject',
  (run) => async (world, call, found) => {
    if (!(await world.objects.findObject(call.bucket, call.key))) throw new StoreRefusal('NoSuchKey', call.key)
    return run(world, call, found)
  },
)
