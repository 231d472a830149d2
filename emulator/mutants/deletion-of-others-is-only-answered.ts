import { owns } from '../objects/acl.ts'
import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'deletion-of-others-is-only-answered',
    'What another account has stored stays when the owner of the bucket deletes it, as where a worker does so later as nobody.',
  ],
  'DeleteObject',
  (run) => async (world, call, found) => {
    const object = await world.objects.getObject(call.bucket, call.key).catch(() => undefined)
    if (object && !owns(object.acl.owner, call.requester)) return { status: 204 }
    return run(world, call, found)
  },
)
