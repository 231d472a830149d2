import { decidingOnVolumes } from './mutant.ts'

export default decidingOnVolumes(
  [
    'volume-dies-with-its-instance',
    'A volume that was attached goes with its instance, as where everything that an instance has is its own.',
  ],
  true,
)
