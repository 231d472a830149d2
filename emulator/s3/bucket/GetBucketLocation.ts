import { escapeXml } from '../../../src/protocol/xml.ts'
import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'

/** The location constraint as it was sent, empty when none was. */
export default s3Operation('GetBucketLocation', {
  route: { method: 'GET', of: 'bucket', sub: 'location' },
  access: { bucket: 'owner' },
  run: async (_, __, { bucket }) => xmlAnswer('LocationConstraint', escapeXml(bucket.location)),
})
