import AttachVolume from '../ec2/volume/AttachVolume.ts'
import { aroundOperation, codeOf } from './mutant.ts'

export default aroundOperation(
  [
    'volume-is-attached-twice',
    'Attaching a volume that another instance has is answered as done, as where clusters are expected.',
  ],
  AttachVolume,
  (run) => async (cloud, input, call) => {
    try {
      return await run(cloud, input, call)
    } catch (error) {
      if (codeOf(error, cloud) !== 'VolumeInUse') throw error
      return { volumeId: input.VolumeId, instanceId: input.InstanceId, device: input.Device, status: 'attaching' }
    }
  },
)
