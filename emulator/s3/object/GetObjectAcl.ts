import { aclAnswer } from '../acl.ts'
import { s3Operation } from '../operation.ts'

/** Who may do what with an object. */
export default s3Operation('GetObjectAcl', {
  route: { method: 'GET', of: 'object', sub: 'acl' },
  access: { object: 'READ_ACP' },
  run: async (world, _, { object }) => aclAnswer(world, object.acl),
})
