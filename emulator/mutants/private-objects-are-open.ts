import { cannedAcl } from '../objects/acl.ts'
import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  ['private-objects-are-open', 'Everybody may read every object, as where a store relies on nobody knowing its keys.'],
  'objects',
  (objects) => ({
    ...objects,
    async getObject(...asked) {
      const object = await objects.getObject(...asked)
      return { ...object, acl: cannedAcl('public-read', object.acl.owner) ?? object.acl }
    },
    openObject: (bucket, key, options) => objects.openObject(bucket, key, { ...options, may: () => true }),
    seeObject: (bucket, key, options) => objects.seeObject(bucket, key, { ...options, may: () => true }),
  }),
)
