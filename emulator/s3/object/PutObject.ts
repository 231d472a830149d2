import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { checkReplacement } from './conditions.ts'
import { checksumHeader, headersToStore } from './stored-headers.ts'

/** The most bytes that one PUT may bring (S3 API reference); larger objects are uploaded in parts. */
export const largestPut = 5 * 2 ** 30

/** Stores an object; its ETag is the MD5 of its bytes, which bundling clients compare (clients.md, quirk 7). */
export default s3Operation('PutObject', {
  route: { method: 'PUT', of: 'object' },
  access: { bucket: 'WRITE' },
  body: 'stream',
  async run(world, call, { bucket }) {
    const { headers, digests, contentLength } = call
    if (contentLength === undefined) throw fault('missingContentLength')
    if (contentLength > largestPut) throw fault('entityTooLarge')
    const object = await world.objects.putObject({
      bucket: bucket.name,
      key: call.key,
      acl: aclForNew(world, call, ownerOf(call.requester), bucket.acl.owner),
      ...headersToStore(headers),
      body: call.stream,
      ...(digests && { md5: () => digests().md5 }),
      condition: (present) => checkReplacement(headers, present),
    })
    return { headers: { etag: `"${object.etag}"`, ...checksumHeader(digests) } }
  },
})
