import ModifySnapshotAttribute from '../ec2/snapshot/ModifySnapshotAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['sharing-of-a-snapshot-is-lost', 'A snapshot that is shared is not, as where only images can be.'],
  ModifySnapshotAttribute,
  () => async () => ({ return: true }),
)
