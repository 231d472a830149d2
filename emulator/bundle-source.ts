import type { BundleSource } from './imaging/bundle-source.ts'
import type { ObjectStore } from './objects/store.ts'

/** Object Storage as imaging sees it: read as the system account aws-exec-read, so that ACLs decide. */
export function bundleSource(objects: ObjectStore): BundleSource {
  return {
    async read(bucket, key) {
      try {
        const { record, body } = await objects.read(bucket, key, { requester: { kind: 'exec-read' } })
        return { size: record.data.size, body }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'NoSuchBucket' || code === 'NoSuchKey') return 'missing'
        if (code === 'AccessDenied') return 'denied'
        throw error
      }
    },
  }
}
