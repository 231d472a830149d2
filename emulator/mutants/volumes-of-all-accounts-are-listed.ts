import DescribeVolumes from '../ec2/volume/DescribeVolumes.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'volumes-of-all-accounts-are-listed',
    'An account sees the volumes of all, as where every caller is taken for an administrator that asks for everything.',
  ],
  DescribeVolumes,
  (run) => (cloud, input, call) => {
    const { VolumeId } = input
    const asked = { ...input, VolumeId: VolumeId.length ? VolumeId : ['verbose'] }
    return run(cloud, asked, { ...call, caller: { ...call.caller, administrator: true } })
  },
)
