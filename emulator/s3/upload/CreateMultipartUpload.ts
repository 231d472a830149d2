import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { headersToStore } from '../object/stored-headers.ts'
import { s3Operation } from '../operation.ts'

/** Begins an upload; what the object will have beside its bytes is said now. */
export default s3Operation('CreateMultipartUpload', {
  route: { method: 'POST', of: 'object', sub: 'uploads' },
  access: { bucket: 'WRITE' },
  async run(world, call, { bucket }) {
    const owner = ownerOf(call.requester)
    const { key, uploadId } = await world.objects.createUpload({
      bucket: bucket.name,
      key: call.key,
      acl: aclForNew(world, call, owner, bucket.acl.owner),
      initiator: owner,
      ...headersToStore(call.headers),
    })
    return xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: uploadId })
  },
})
