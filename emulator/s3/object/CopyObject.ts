import type { NewObject } from '../../objects/objects.ts'
import type { ObjectRecord } from '../../objects/records.ts'
import { ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { expirationHeader } from '../expiration.ts'
import { fault } from '../faults.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { tagsToStore } from '../tags.ts'
import { newVersionHeader } from '../version-id.ts'
import { checksumElements } from './checksums.ts'
import { replacementCondition } from './conditions.ts'
import { checksumOfCopy, expectCopyable, openCopySource } from './copy-source.ts'
import { headersToStore } from './stored-headers.ts'

const ontoItself =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."

/** Whether the copy takes something from the request and not from the source. Throws InvalidArgument. */
function replaces({ headers }: S3Call, what: 'metadata' | 'tagging'): boolean {
  const directive = headers[`x-amz-${what}-directive`] ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE') throw fault('invalidArgument', `Unknown ${what} directive.`)
  return directive === 'REPLACE'
}

/** What the request says of the new object in place of the source; checked before the source is looked for. */
function replacementOf({ settings }: S3World, call: S3Call): Partial<Pick<NewObject, 'headers' | 'metadata' | 'tags'>> {
  const tags = tagsToStore(call.headers, settings.fidelity)
  return {
    ...(replaces(call, 'metadata') && headersToStore(call.headers)),
    ...(replaces(call, 'tagging') && { tags: undefined, ...tags }),
  }
}

/** The ETag need not be computed where the copy will have that of the source. */
const knownMd5 = ({ data, etag }: ObjectRecord): Pick<NewObject, 'md5'> =>
  data.kind === 'parts' ? {} : { md5: () => etag }

/** Copies an object, with its metadata or with that of the request; the ACL is never copied. */
export default s3Operation('CopyObject', {
  route: { method: 'PUT', of: 'object', header: 'x-amz-copy-source' },
  access: { bucket: 'WRITE' },
  async run(world, call, { bucket }) {
    const replacement = replacementOf(world, call)
    const acl = aclForNew(world, call, ownerOf(call.requester), bucket)
    const condition = replacementCondition(world, call.headers)
    const source = await openCopySource(world, call)
    const { record } = source
    const body = source.body()
    try {
      const isSame = record.bucket === bucket.name && record.key === call.key && source.versionId === undefined
      if (isSame && !replacement.headers) throw fault('invalidRequest', ontoItself)
      expectCopyable(record.data.size)
      const { headers, metadata, tags } = { ...record, ...replacement }
      const copy = await world.objects.putObject({
        ...{ bucket: bucket.name, key: call.key, acl, headers, metadata, tags },
        ...knownMd5(record),
        ...checksumOfCopy(world, call, record),
        body,
        ...(condition && { condition }),
      })
      const answer = xmlAnswer('CopyObjectResult', {
        LastModified: new Date(copy.lastModified),
        ETag: `"${copy.etag}"`,
        ...checksumElements(copy.checksum),
      })
      const expiration = expirationHeader(world, bucket, copy)
      return { ...answer, headers: { ...newVersionHeader(copy), ...source.versionHeader, ...expiration } }
    } finally {
      body.destroy()
    }
  },
})
