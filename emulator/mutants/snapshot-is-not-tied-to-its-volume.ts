import DescribeSnapshots from '../ec2/snapshot/DescribeSnapshots.ts'
import { aroundOperation, readAs } from './mutant.ts'

export default aroundOperation(
  [
    'snapshot-is-not-tied-to-its-volume',
    'A snapshot says that it is as large as the smallest volume, as where its size is that of its data.',
  ],
  DescribeSnapshots,
  (run) => (cloud, input, call) =>
    run({ ...cloud, snapshots: readAs(cloud.snapshots, (one) => ({ ...one, volumeSize: 0 })) }, input, call),
)
