import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { openCopySource } from './copy-source.ts'
import { headersToStore } from './stored-headers.ts'

const ontoItself =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."

/** Copies an object, with its metadata or with that of the request; the ACL is never copied. */
export default s3Operation('CopyObject', {
  route: { method: 'PUT', of: 'object', header: 'x-amz-copy-source' },
  access: { bucket: 'WRITE' },
  async run(world, call, { bucket }) {
    const directive = call.headers['x-amz-metadata-directive'] ?? 'COPY'
    if (directive !== 'COPY' && directive !== 'REPLACE') throw fault('invalidArgument', 'Unknown metadata directive.')
    const acl = aclForNew(world, call, ownerOf(call.requester), bucket.acl.owner)
    const replacing = directive === 'REPLACE' ? headersToStore(call.headers) : undefined
    const source = await openCopySource(world, call)
    const { record } = source
    if (record.bucket === bucket.name && record.key === call.key && !replacing) {
      source.close()
      throw fault('invalidRequest', ontoItself)
    }
    const { headers, metadata } = replacing ?? record
    const body = source.body()
    try {
      const copy = await world.objects.putObject({ bucket: bucket.name, key: call.key, acl, headers, metadata, body })
      return xmlAnswer('CopyObjectResult', { LastModified: new Date(copy.lastModified), ETag: `"${copy.etag}"` })
    } finally {
      body.destroy()
    }
  },
})
