import { decidingOnVolumes } from './mutant.ts'

export default decidingOnVolumes(
  ['volume-outlives-its-instance', 'A volume that is to go with its instance stays, as where nobody reads that wish.'],
  false,
)
