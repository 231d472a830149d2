import { area } from '../../area.ts'
import { expectSame, openBucket, openVersionedBucket, settled, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const lifecycle = area('lifecycle', {
  needs: ['s3', 'lifecycle', 'versioning'],
  source:
    'ObjectStorageGateway.java (setBucketLifecycle refuses buckets that have or had versions); S3 API Reference, PutBucketLifecycleConfiguration',
})

const rules = (inner: string) =>
  `<LifecycleConfiguration><Rule><ID>one</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status>${inner}</Rule></LifecycleConfiguration>`

export default [
  lifecycle(
    'of-a-bucket-with-versions',
    'AWS takes rules for old versions; Eucalyptus refuses rules for a bucket that has or had versions, and leaves it without',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const body = rules(
        '<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>',
      )
      if (tools.target.fidelity === 'eucalyptus') {
        for (const status of ['Enabled', 'Suspended']) {
          const versioning = `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`
          await bucket.ask('PUT', '?versioning', { body: versioning })
          const plain = rules('<Expiration><Days>5</Days></Expiration>')
          await tools.refuses(bucket.ask('PUT', '?lifecycle', { body: plain }), refusal('InvalidBucketState', 409))
          await tools.refuses(bucket.ask('GET', '?lifecycle'), refusal('NoSuchLifecycleConfiguration', 404))
        }
        const without = await openBucket(tools)
        await without.ask('PUT', '?lifecycle', { body: rules('<Expiration><Days>5</Days></Expiration>') })
        return
      }
      await bucket.ask('PUT', '?lifecycle', { body })
      await settled(tools, async () => {
        const document = await bucket.document('?lifecycle')
        const days = texts(document, 'Rule', 'NoncurrentVersionExpiration', 'NoncurrentDays')
        expectSame('the days of old versions', days, ['5'])
      })
    },
  ),
]
