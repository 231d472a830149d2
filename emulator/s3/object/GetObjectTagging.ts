import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'
import { tagFields } from '../tags.ts'
import { versionHeader } from '../version-id.ts'

/** The tags of an object or of one of its versions; there may be none. */
export default s3Operation('GetObjectTagging', {
  route: { method: 'GET', of: 'object', sub: 'tagging' },
  access: { object: 'owner' },
  fidelity: 'aws',
  async run(world, _, { bucket, object }) {
    const { tags = [] } = object
    return { ...xmlAnswer('Tagging', tagFields(tags)), headers: versionHeader(world, bucket, object) }
  },
})
