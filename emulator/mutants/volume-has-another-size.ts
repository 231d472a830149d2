import CreateVolume from '../ec2/volume/CreateVolume.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'volume-has-another-size',
    'A volume is one GiB larger than was asked for, as where sizes are rounded up to the next whole.',
  ],
  CreateVolume,
  (run) => (cloud, input, call) =>
    run(cloud, { ...input, Size: input.Size === undefined ? undefined : input.Size + 1 }, call),
)
