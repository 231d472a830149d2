import { expectElement, findText, readXml } from '../../../src/protocol/xml-read.ts'
import type { Versioning } from '../../objects/records.ts'
import { fault } from '../faults.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'

const states: readonly (string | undefined)[] = ['Enabled', 'Suspended'] satisfies Versioning[]
const isState = (status: string | undefined): status is Versioning => states.includes(status)

/**
 * Eucalyptus reads the status alone (ObjectStorageGateway.java, setBucketVersioningStatus). In AWS deletions can be bound
 * to a device of the account that signs with it, which no account here has.
 */
function statusOf({ settings }: S3World, { content }: S3Call): Versioning {
  const configuration = readXml(content, content.length)
  expectElement(configuration, 'VersioningConfiguration', 'Status', 'MfaDelete')
  const status = findText(configuration, 'Status')
  if (isState(status)) {
    const mfaDelete = settings.fidelity === 'aws' ? findText(configuration, 'MfaDelete') : undefined
    if (mfaDelete === 'Enabled') throw fault('mfaRequired')
    if (mfaDelete === undefined || mfaDelete === 'Disabled') return status
    throw fault('malformedXml')
  }
  throw fault(status !== undefined && settings.fidelity === 'aws' ? 'malformedXml' : 'illegalVersioning')
}

/** Has the bucket keep versions, or suspends that; versions that there are stay. */
export default s3Operation('PutBucketVersioning', {
  route: { method: 'PUT', of: 'bucket', sub: 'versioning' },
  access: { bucket: 'owner' },
  async run(world, call, { bucket }) {
    const versioning = statusOf(world, call)
    await world.objects.changeBucket(bucket.name, () => ({ versioning }))
    return {}
  },
})
