import { aclAnswer } from '../acl.ts'
import { s3Operation } from '../operation.ts'
import { versionHeader } from '../version-id.ts'

/** Who may do what with an object. */
export default s3Operation('GetObjectAcl', {
  route: { method: 'GET', of: 'object', sub: 'acl' },
  access: { object: 'READ_ACP' },
  async run(world, _, { bucket, object }) {
    const { fidelity } = world.settings
    return { ...aclAnswer(world, object.acl), headers: fidelity === 'aws' ? versionHeader(world, bucket, object) : {} }
  },
})
