import { s3Operation } from '../operation.ts'
import { deletionCondition, deletionTerms } from './conditions.ts'
import { deleteNamed } from './deletion.ts'

/**
 * Removes an object or one of its versions. Without versioning an object that is not there counts as removed
 * (eucalyptus-behaviour.md section 10.2); with it a delete marker takes the object's place.
 */
export default s3Operation('DeleteObject', {
  route: { method: 'DELETE', of: 'object' },
  access: { keys: 'WRITE' },
  async run(world, call, { bucket }) {
    const condition = deletionCondition(world, deletionTerms(call.headers))
    const named = { key: call.key, versionId: call.query.get('versionId'), ...(condition && { condition }) }
    const { deleteMarker, versionId } = await deleteNamed(world, bucket, call, named)
    const marker = deleteMarker ? 'true' : undefined
    return { status: 204, headers: { 'x-amz-version-id': versionId, 'x-amz-delete-marker': marker } }
  },
})
