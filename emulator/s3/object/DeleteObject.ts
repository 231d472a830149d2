import { expectNullVersion } from '../access.ts'
import { s3Operation } from '../operation.ts'

/** Removes an object; one that is not there counts as removed (eucalyptus-behaviour.md section 10.2). */
export default s3Operation('DeleteObject', {
  route: { method: 'DELETE', of: 'object' },
  access: { bucket: 'WRITE' },
  async run({ objects }, { bucket, key, query }) {
    expectNullVersion(query.get('versionId'))
    await objects.deleteObject(bucket, key)
    return { status: 204 }
  },
})
