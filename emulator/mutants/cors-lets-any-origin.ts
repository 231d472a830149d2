import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'cors-lets-any-origin',
    'The pages of every origin may read a bucket that names one, as where its rules only switch CORS on.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async findBucket(name) {
      const bucket = await objects.findBucket(name)
      return bucket?.cors ? { ...bucket, cors: bucket.cors.map((rule) => ({ ...rule, origins: ['*'] })) } : bucket
    },
  }),
)
