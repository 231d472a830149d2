import DeleteSnapshot from '../ec2/snapshot/DeleteSnapshot.ts'
import { aroundOperation, unlisted } from './mutant.ts'

export default aroundOperation(
  [
    'snapshot-of-an-image-is-deleted',
    'A snapshot is deleted under an image that starts from it, as where only volumes are looked at.',
  ],
  DeleteSnapshot,
  (run) => (cloud, input, call) => run({ ...cloud, images: unlisted(cloud.images) }, input, call),
)
