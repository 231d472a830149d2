import { childrenNamed, expectElement, findText, getText, readXml } from '../../../src/protocol/xml-read.ts'
import { expectNullVersion } from '../access.ts'
import { faultOf, xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { type S3World, s3Operation } from '../operation.ts'

/** Room for 1000 keys of 1024 bytes, each byte escaped (threats.md, E1). */
const largestList = 8 * 1024 * 1024
const mostKeys = 1000

interface Listed {
  readonly key: string
  readonly versionId: string | undefined
}

function listedIn(content: Buffer): { objects: Listed[]; quiet: boolean } {
  const list = readXml(content, largestList)
  expectElement(list, 'Delete', 'Object', 'Quiet')
  const objects = childrenNamed(list, 'Object').map((object) => {
    expectElement(object, 'Object', 'Key', 'VersionId', 'ETag', 'LastModifiedTime', 'Size')
    return { key: getText(object, 'Key'), versionId: findText(object, 'VersionId') }
  })
  if (objects.length === 0 || objects.length > mostKeys) throw fault('malformedXml')
  return { objects, quiet: findText(list, 'Quiet')?.trim().toLowerCase() === 'true' }
}

/** Deletes one of the listed; what a client should see of a failure is an element of the answer. */
async function deleteOne({ objects, settings }: S3World, bucket: string, { key, versionId }: Listed) {
  try {
    expectNullVersion(versionId)
    await objects.deleteObject(bucket, key)
    return { deleted: { Key: key, VersionId: versionId } }
  } catch (error) {
    const known = faultOf(error)
    if (!known) throw error
    const { code, message } = known.face(settings.fidelity)
    return { failed: { Key: key, VersionId: versionId, Code: code, Message: message } }
  }
}

/** Deletes up to 1000 objects; one that is not there counts as deleted. */
export default s3Operation('DeleteObjects', {
  route: { method: 'POST', of: 'bucket', sub: 'delete' },
  access: { bucket: 'WRITE' },
  body: largestList,
  async run(world, { content }, { bucket }) {
    const { objects, quiet } = listedIn(content)
    const results = await Promise.all(objects.map((object) => deleteOne(world, bucket.name, object)))
    return xmlAnswer('DeleteResult', {
      Deleted: quiet ? [] : results.flatMap(({ deleted }) => deleted ?? []),
      Error: results.flatMap(({ failed }) => failed ?? []),
    })
  },
})
