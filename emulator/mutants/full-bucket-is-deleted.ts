import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'full-bucket-is-deleted',
    'A bucket goes with all that is in it, as on a file system where folders are removed whole.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async deleteBucket(name) {
      const { entries } = await objects.listObjects(name, { prefix: '', delimiter: '', after: '', limit: 1000 })
      for (const entry of entries) if ('row' in entry) await objects.deleteObject(name, entry.row.key)
      await objects.deleteBucket(name)
    },
  }),
)
