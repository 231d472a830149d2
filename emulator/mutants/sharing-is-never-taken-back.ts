import ModifyImageAttribute from '../ec2/image/ModifyImageAttribute.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['sharing-is-never-taken-back', 'Launch permissions that are taken back stay, as where a change can only add.'],
  ModifyImageAttribute,
  (run) => (cloud, input, call) =>
    run(cloud, { ...input, LaunchPermission: { ...input.LaunchPermission, Remove: [] } }, call),
)
