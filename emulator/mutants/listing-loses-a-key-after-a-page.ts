import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'listing-loses-a-key-after-a-page',
    'The first key of each further page is left out, as where a page goes on behind the key that it should begin with.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async listObjects(bucket, request) {
      const page = await objects.listObjects(bucket, request)
      return request.after === '' ? page : { ...page, entries: page.entries.slice(1) }
    },
  }),
)
