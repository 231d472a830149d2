import CreateVolume from '../ec2/volume/CreateVolume.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'zone-of-a-volume-is-ignored',
    'A volume in a zone that does not exist is made somewhere else, as where storage knows no zones.',
  ],
  CreateVolume,
  (run) => (cloud, input, call) => run(cloud, { ...input, AvailabilityZone: cloud.settings.zone }, call),
)
