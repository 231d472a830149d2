import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-has-no-user-data',
    'The metadata service does not tell the user-data, as where it is told by a disc that nobody made.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    return told && { ...told, userData: undefined }
  },
)
