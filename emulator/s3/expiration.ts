import { expiryOf } from '../objects/lifecycle.ts'
import type { BucketRecord, ObjectRecord } from '../objects/records.ts'
import type { S3World } from './operation.ts'

/**
 * When a rule ends an object, and which, as answers about its current version say it (S3 API reference,
 * x-amz-expiration). Eucalyptus does not say it.
 */
export function expirationHeader(
  { settings }: S3World,
  { lifecycle }: BucketRecord,
  { key, data, tags, lastModified }: ObjectRecord,
): Record<string, string> {
  if (!lifecycle || settings.fidelity !== 'aws') return {}
  const expiry = expiryOf(lifecycle, { key, size: data.size, tags, lastModified }, settings.lifecycleDay)
  if (!expiry) return {}
  const date = new Date(expiry.at).toUTCString()
  return { 'x-amz-expiration': `expiry-date="${date}", rule-id="${encodeURIComponent(expiry.rule.id)}"` }
}
