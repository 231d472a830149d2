import { xmlAnswer } from '../answer.ts'
import { expirationHeader } from '../expiration.ts'
import { checksumElements } from '../object/checksums.ts'
import { replacementCondition } from '../object/conditions.ts'
import { bucketUrl, s3Operation } from '../operation.ts'
import { newVersionHeader } from '../version-id.ts'
import { completedParts, largestList } from './completed-list.ts'
import { concluded } from './completion.ts'
import { uploadName } from './upload-name.ts'

/** Makes the object of its parts. */
export default s3Operation('CompleteMultipartUpload', {
  route: { method: 'POST', of: 'object', sub: 'uploadId' },
  access: { bucket: 'WRITE' },
  body: largestList,
  async run(world, call, { bucket }) {
    const { headers } = call
    const parts = completedParts(call.content)
    const condition = replacementCondition(world, headers)
    const completed = await world.objects.completeUpload(uploadName(call), parts, {
      ...(condition && { condition }),
      ...(world.settings.fidelity === 'aws' && { checksumOf: concluded(headers, parts) }),
    })
    const { key, etag, checksum } = completed
    const answer = xmlAnswer('CompleteMultipartUploadResult', {
      Location: `${bucketUrl(call)}/${encodeURIComponent(key)}`,
      Bucket: bucket.name,
      Key: key,
      ETag: `"${etag}"`,
      ...checksumElements(checksum),
    })
    // Eucalyptus does not tell the version here (ObjectStorageGateway.java, completeMultipartUpload).
    if (world.settings.fidelity === 'eucalyptus') return answer
    return { ...answer, headers: { ...newVersionHeader(completed), ...expirationHeader(world, bucket, completed) } }
  },
})
