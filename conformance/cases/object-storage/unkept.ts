import { ServiceError } from '../../../src/client/service-error.ts'
import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const storage = area('object-storage', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; ObjectStorageGETBinding.java and its like for other methods',
})

const [unsupported, unmapped] = [refusal('NotImplemented', 501), refusal('MethodNotAllowed', 405)]

/** What Eucalyptus answers of configurations that it does not keep, beside the ones that have faults for most clouds. */
const ofEucalyptus = [
  { query: 'encryption', GET: refusal('ServerSideEncryptionConfigurationNotFoundError', 404), DELETE: unsupported },
  ...['analytics', 'inventory', 'metrics'].map((query) => ({ query, GET: unsupported, DELETE: unsupported })),
  ...['intelligent-tiering', 'ownershipControls'].map((query) => ({ query, GET: unmapped, DELETE: unmapped })),
  ...['replication', 'website'].map((query) => ({ query, DELETE: unsupported })),
] as const

/** What is set by a document, which `<Some/>` is for none. */
const configurations = [
  ...['accelerate', 'analytics&id=one', 'encryption', 'intelligent-tiering&id=one', 'inventory&id=one', 'logging'],
  ...['metrics&id=one', 'notification', 'object-lock', 'ownershipControls', 'replication', 'requestPayment', 'website'],
]

/** Whether to set a configuration to a document that is none is refused, for what it is or for what the cloud has not. */
async function isRefused(bucket: Bucket, query: string): Promise<boolean> {
  try {
    await bucket.ask('PUT', `?${query}`, { body: '<Some/>' })
    return false
  } catch (error) {
    if (error instanceof ServiceError && [400, 405, 501].includes(error.status)) return true
    throw error
  }
}

export default [
  storage(
    'configurations-that-are-not-kept',
    'what Eucalyptus does not keep of a bucket is NotImplemented or MethodNotAllowed; no cloud takes a document that is none',
    ['GetBucketEncryption', 'GetBucketAnalyticsConfiguration', 'DeleteBucketWebsite', 'PutBucketOwnershipControls'],
    async (tools) => {
      const bucket = await openBucket(tools)
      if (tools.target.fidelity === 'eucalyptus') {
        for (const { query, ...expected } of ofEucalyptus) {
          for (const [method, fault] of Object.entries(expected)) {
            await tools.refuses(bucket.ask(method, `?${query}`), fault)
          }
        }
      }
      for (const query of configurations) {
        expectSame(`PUT ?${query} of no such document is refused`, await isRefused(bucket, query), true)
      }
      expectSame('HEAD of the bucket', (await bucket.ask('HEAD')).status, 200)
    },
  ),
]
