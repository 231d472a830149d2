import { escapeXml } from '../../../src/protocol/xml.ts'
import type { BucketRecord } from '../../objects/records.ts'
import { xmlAnswer } from '../answer.ts'
import { type S3World, s3Operation } from '../operation.ts'

/** Eucalyptus tells what was sent. In AWS a bucket of which nothing was sent is in the region, which us-east-1 leaves empty. */
function locationOf({ settings: { fidelity, region } }: S3World, { location }: BucketRecord): string {
  return fidelity === 'eucalyptus' || region === 'us-east-1' ? location : location || region
}

/** Where a bucket is, for clients that sign for that region from then on. */
export default s3Operation('GetBucketLocation', {
  route: { method: 'GET', of: 'bucket', sub: 'location' },
  access: { bucket: 'owner' },
  run: async (world, _, { bucket }) => xmlAnswer('LocationConstraint', escapeXml(locationOf(world, bucket))),
})
