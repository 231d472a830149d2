import type { UploadRecord } from '../../objects/records.ts'
import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { wantedChecksum } from '../object/checksums.ts'
import { headersToStore } from '../object/stored-headers.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { tagsToStore } from '../tags.ts'

/**
 * Which checksum the parts and the object are to have (S3 user guide, "Checking object integrity"): hashes are always
 * composite, CRC64NVME is always of the whole object, the others are composite unless told otherwise. Throws
 * InvalidRequest.
 */
function checksumOfUpload({ settings }: S3World, { headers }: S3Call): Pick<UploadRecord, 'checksum'> {
  if (settings.fidelity === 'eucalyptus') return {}
  const algorithm = wantedChecksum(headers)
  const sent = headers['x-amz-checksum-type']?.toUpperCase()
  if (!algorithm) {
    if (sent === undefined) return {}
    const needs = 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.'
    throw fault('invalidRequest', needs)
  }
  const type = sent ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw fault('invalidRequest', 'Value for x-amz-checksum-type header is invalid.')
  }
  const impossible = type === 'FULL_OBJECT' ? ['sha1', 'sha256'] : ['crc64nvme']
  if (!impossible.includes(algorithm)) return { checksum: { algorithm, type } }
  throw fault('invalidRequest', `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`)
}

/** Begins an upload; what the object will have beside its bytes is said now. */
export default s3Operation('CreateMultipartUpload', {
  route: { method: 'POST', of: 'object', sub: 'uploads' },
  access: { bucket: 'WRITE' },
  async run(world, call, { bucket }) {
    // In AWS an upload is always somebody's, for only its initiator may end it.
    if (world.settings.fidelity === 'aws' && call.requester.kind === 'anonymous') throw fault('anonymousUpload')
    const owner = ownerOf(call.requester)
    const { key, uploadId, checksum } = await world.objects.createUpload({
      bucket: bucket.name,
      key: call.key,
      acl: aclForNew(world, call, owner, bucket),
      initiator: owner,
      ...headersToStore(call.headers),
      ...tagsToStore(call.headers, world.settings.fidelity),
      ...checksumOfUpload(world, call),
    })
    return {
      ...xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: uploadId }),
      headers: {
        'x-amz-checksum-algorithm': checksum?.algorithm.toUpperCase(),
        'x-amz-checksum-type': checksum?.type,
      },
    }
  },
})
