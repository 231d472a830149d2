import { fault } from './faults.ts'
import type { S3Call, S3World } from './operation.ts'

const encryption = 'server-side-encryption'
const customerKey = ['algorithm', 'key', 'key-md5'].map((word) => `${encryption}-customer-${word}`)

/** Headers by which a request asks for what there is not: encryption, object lock, websites and appending. */
const unsupported = [
  ...[encryption, `${encryption}-aws-kms-key-id`, `${encryption}-context`, `${encryption}-bucket-key-enabled`],
  ...customerKey,
  ...customerKey.map((name) => `copy-source-${name}`),
  ...['object-lock-mode', 'object-lock-retain-until-date', 'object-lock-legal-hold', 'bucket-object-lock-enabled'],
  ...['website-redirect-location', 'write-offset-bytes'],
].map((name) => `x-amz-${name}`)

/** Values with which such a header asks for nothing. */
const without = /^(?:off|false)$/i

/**
 * Refuses a request whose headers, or fields of a form, ask for what there is not: storing the bytes as if it were there
 * would be a lie. Eucalyptus passes over these headers (eucalyptus-behaviour.md section 10.1). Throws NotImplemented and
 * InvalidStorageClass.
 */
export function refuseUnsupported({ settings }: S3World, headers: S3Call['headers']): void {
  if (settings.fidelity === 'eucalyptus') return
  for (const name of unsupported) {
    const value = headers[name]
    if (value !== undefined && !without.test(value)) throw fault('headerNotImplemented')
  }
  const storageClass = headers['x-amz-storage-class']
  if (storageClass !== undefined && storageClass !== 'STANDARD') throw fault('invalidStorageClass')
}
