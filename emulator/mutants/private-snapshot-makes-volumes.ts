import CreateVolume from '../ec2/volume/CreateVolume.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'private-snapshot-makes-volumes',
    'Any account may make volumes of any snapshot, as where only its listing is restricted.',
  ],
  CreateVolume,
  (run) => (cloud, input, call) => run(cloud, input, { ...call, caller: { ...call.caller, administrator: true } }),
)
