import DeleteVolume from '../ec2/volume/DeleteVolume.ts'
import { aroundOperation, codeOf } from './mutant.ts'

export default aroundOperation(
  [
    'attached-volume-is-deleted',
    'Deleting a volume that an instance has is answered as done, as where that is found out later and told nobody.',
  ],
  DeleteVolume,
  (run) => async (cloud, input, call) => {
    try {
      return await run(cloud, input, call)
    } catch (error) {
      if (codeOf(error, cloud) !== 'VolumeInUse') throw error
      return { return: true }
    }
  },
)
