import { withoutPublicGrants } from '../objects/acl.ts'
import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'public-objects-are-closed',
    'What was made public is refused to everybody, as where an account blocks public access and forgets to say so.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async getObject(...asked) {
      const object = await objects.getObject(...asked)
      return { ...object, acl: withoutPublicGrants(object.acl) }
    },
  }),
)
