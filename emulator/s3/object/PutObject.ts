import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { expirationHeader } from '../expiration.ts'
import { fault } from '../faults.ts'
import { type S3World, s3Operation } from '../operation.ts'
import { tagsToStore } from '../tags.ts'
import { newVersionHeader } from '../version-id.ts'
import { announcedChecksum, checksumHeaders, sentChecksum } from './checksums.ts'
import { replacementCondition } from './conditions.ts'
import { headersToStore } from './stored-headers.ts'

/** The most bytes that one PUT may bring and one copy take (S3 API reference); larger objects are uploaded in parts. */
export const largestPut = 5 * 2 ** 30

/**
 * Sees to it that a request with a body to store says how long that is and brings the checksum it promises. Throws
 * MissingContentLength, EntityTooLarge and InvalidRequest.
 */
export function expectStorable(
  { settings }: S3World,
  { contentLength, headers }: { contentLength: number | undefined; headers: Record<string, string | undefined> },
): void {
  // Eucalyptus' binding needs a length; ceph/s3-tests wants a body in HTTP's own chunks to be enough.
  const isChunked = settings.fidelity === 'aws' && headers['transfer-encoding'] !== undefined
  if (contentLength === undefined && !isChunked) throw fault('missingContentLength')
  if ((contentLength ?? 0) > largestPut) throw fault('entityTooLarge')
  if (settings.fidelity === 'aws' && headers['x-amz-sdk-checksum-algorithm'] !== undefined) announcedChecksum(headers)
}

/** Stores an object; its ETag is the MD5 of its bytes, which bundling clients compare (clients.md, quirk 7). */
export default s3Operation('PutObject', {
  route: { method: 'PUT', of: 'object' },
  access: { bucket: 'WRITE' },
  body: 'stream',
  async run(world, call, { bucket }) {
    const { headers, digests } = call
    expectStorable(world, call)
    const condition = replacementCondition(world, headers)
    const object = await world.objects.putObject({
      bucket: bucket.name,
      key: call.key,
      acl: aclForNew(world, call, ownerOf(call.requester), bucket),
      ...headersToStore(headers),
      ...tagsToStore(headers, world.settings.fidelity),
      body: call.stream(),
      md5: digests && (() => digests().md5),
      checksumOf: sentChecksum(world, digests),
      ...(condition && { condition }),
    })
    return {
      headers: {
        etag: `"${object.etag}"`,
        ...newVersionHeader(object),
        ...checksumHeaders(object.checksum),
        ...expirationHeader(world, bucket, object),
      },
    }
  },
})
