import { childrenNamed, expectElement, findText, getText, readXml } from '../../../src/protocol/xml-read.ts'
import type { BucketRecord } from '../../objects/records.ts'
import { faultOf, xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { type DeletionTerms, deletionCondition } from '../object/conditions.ts'
import { deleteNamed } from '../object/deletion.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'

/** Room for 1000 keys of 1024 bytes, each byte escaped (threats.md, E1). */
const largestList = 8 * 1024 * 1024
const mostKeys = 1000

interface Listed {
  readonly key: string
  readonly versionId: string | undefined
  readonly terms: DeletionTerms
}

function listedIn(content: Buffer): { objects: Listed[]; quiet: boolean } {
  const list = readXml(content, largestList)
  expectElement(list, 'Delete', 'Object', 'Quiet')
  const objects = childrenNamed(list, 'Object').map((object) => {
    expectElement(object, 'Object', 'Key', 'VersionId', 'ETag', 'LastModifiedTime', 'Size')
    const terms = {
      etag: findText(object, 'ETag'),
      lastModified: findText(object, 'LastModifiedTime'),
      size: findText(object, 'Size'),
    }
    return { key: getText(object, 'Key'), versionId: findText(object, 'VersionId'), terms }
  })
  if (objects.length === 0 || objects.length > mostKeys) throw fault('malformedXml')
  return { objects, quiet: findText(list, 'Quiet')?.trim().toLowerCase() === 'true' }
}

/** Deletes one of the listed; what a client should see of a failure is an element of the answer. */
async function deleteOne(world: S3World, bucket: BucketRecord, call: S3Call, listed: Listed) {
  const { fidelity } = world.settings
  const named = { Key: listed.key, VersionId: listed.versionId }
  try {
    const condition = deletionCondition(world, listed.terms)
    const wanted = { key: listed.key, versionId: listed.versionId, ...(condition && { condition }) }
    const { deleteMarker, versionId } = await deleteNamed(world, bucket, call, wanted)
    return { deleted: { ...named, ...(deleteMarker && { DeleteMarker: true, DeleteMarkerVersionId: versionId }) } }
  } catch (error) {
    const known = faultOf(error)
    if (!known) throw error
    const { code, message } = known.face(fidelity)
    // Eucalyptus tells this one error by its name (ObjectStorageGateway.java, deleteMultipleObjects).
    const told = fidelity === 'aws' || code === 'AccessDenied' ? code : 'InternalError'
    return { failed: { ...named, Code: told, Message: message } }
  }
}

/** Deletes up to 1000 objects; one that is not there counts as deleted. */
export default s3Operation('DeleteObjects', {
  route: { method: 'POST', of: 'bucket', sub: 'delete' },
  access: { keys: 'WRITE' },
  body: largestList,
  async run(world, call, { bucket }) {
    const { objects, quiet } = listedIn(call.content)
    const results = await Promise.all(objects.map((object) => deleteOne(world, bucket, call, object)))
    return xmlAnswer('DeleteResult', {
      Deleted: quiet ? [] : results.flatMap(({ deleted }) => deleted ?? []),
      Error: results.flatMap(({ failed }) => failed ?? []),
    })
  },
})
