import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-has-no-key-pair',
    'The metadata service does not tell the public key, as where a key is put into images and never asked for.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    return told && { ...told, key: undefined }
  },
)
