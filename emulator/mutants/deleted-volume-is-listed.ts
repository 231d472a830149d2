import DeleteVolume from '../ec2/volume/DeleteVolume.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['deleted-volume-is-listed', 'A volume that was deleted is shown as available, as where a list is cached.'],
  DeleteVolume,
  () => async () => ({ return: true }),
)
