import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'

/** What of ACLs and policies that would make the bucket public is blocked. Throws NoSuchPublicAccessBlockConfiguration. */
export default s3Operation('GetPublicAccessBlock', {
  route: { method: 'GET', of: 'bucket', sub: 'publicAccessBlock' },
  access: { bucket: 'owner' },
  fidelity: 'aws',
  async run(_world, _call, { bucket }) {
    const { publicAccessBlock } = bucket
    if (!publicAccessBlock) throw fault('noSuchPublicAccessBlock')
    return xmlAnswer('PublicAccessBlockConfiguration', {
      BlockPublicAcls: publicAccessBlock.blockPublicAcls,
      IgnorePublicAcls: publicAccessBlock.ignorePublicAcls,
      BlockPublicPolicy: publicAccessBlock.blockPublicPolicy,
      RestrictPublicBuckets: publicAccessBlock.restrictPublicBuckets,
    })
  },
})
