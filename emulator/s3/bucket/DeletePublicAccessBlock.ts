import { s3Operation } from '../operation.ts'

/** Nothing is blocked any more; it need not have been. */
export default s3Operation('DeletePublicAccessBlock', {
  route: { method: 'DELETE', of: 'bucket', sub: 'publicAccessBlock' },
  access: { bucket: 'owner' },
  fidelity: 'aws',
  async run({ objects }, _call, { bucket }) {
    if (bucket.publicAccessBlock) await objects.changeBucket(bucket.name, () => ({ publicAccessBlock: undefined }))
    return { status: 204 }
  },
})
