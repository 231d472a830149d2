import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { tagFields } from '../tags.ts'

/** The tags of a bucket. Throws NoSuchTagSet when there are none. */
export default s3Operation('GetBucketTagging', {
  route: { method: 'GET', of: 'bucket', sub: 'tagging' },
  access: { bucket: 'owner' },
  async run(_, __, { bucket: { tags = [] } }) {
    if (tags.length === 0) throw fault('noSuchTagSet')
    return xmlAnswer('Tagging', tagFields(tags))
  },
})
