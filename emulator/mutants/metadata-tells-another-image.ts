import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-tells-another-image',
    'The metadata service tells the image of another instance, as where a reservation is taken for an image.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    return told && { ...told, imageId: told.imageId.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) }
  },
)
