import type { Answer } from '../../src/protocol/xml.ts'
import { admit } from './access.ts'
import { xmlAnswer } from './answer.ts'
import { type FaultName, fault } from './faults.ts'
import type { S3Answer, S3Call, S3World } from './operation.ts'
import type { Wanted } from './router.ts'

/** What an empty configuration looks like. */
interface Empty {
  readonly root: string
  readonly fields: { readonly [name: string]: Answer }
}

/**
 * What GET answers for configurations that no bucket has yet (eucalyptus-behaviour.md section 10.1): the fault that
 * says so, or an empty document. Every other method is not implemented, as is GET of what is not listed here.
 */
const bucketReadings: Readonly<Record<string, FaultName | Empty>> = {
  accelerate: { root: 'AccelerateConfiguration', fields: {} },
  cors: 'noSuchCors',
  encryption: 'noSuchEncryption',
  lifecycle: 'noSuchLifecycle',
  logging: { root: 'BucketLoggingStatus', fields: {} },
  notification: { root: 'NotificationConfiguration', fields: {} },
  'object-lock': 'noSuchObjectLock',
  policy: 'noSuchBucketPolicy',
  replication: 'noSuchReplication',
  requestPayment: { root: 'RequestPaymentConfiguration', fields: { Payer: 'BucketOwner' } },
  tagging: 'noSuchTagSet',
  versioning: { root: 'VersioningConfiguration', fields: {} },
  website: 'noSuchWebsite',
}

/** Answers a request that no operation claims. Throws the documented fault. */
export async function answerUnclaimed(world: S3World, wanted: Wanted, call: S3Call): Promise<S3Answer> {
  const { method, of, sub } = wanted
  if (method === 'OPTIONS') throw fault('corsDenied')
  if (of === 'object' && sub !== undefined && sub !== 'acl' && !sub.startsWith('upload')) throw fault('unmapped')
  const isConfiguration = of === 'bucket' && sub !== undefined && ['GET', 'PUT', 'DELETE'].includes(method)
  if (!isConfiguration || ['acl', 'uploads', 'delete', 'versions', 'location', 'list-type'].includes(sub)) {
    throw fault('methodNotAllowed')
  }
  await admit(world, { bucket: 'owner' }, call)
  const reading = method === 'GET' ? bucketReadings[sub] : undefined
  if (reading === undefined) throw fault('notImplemented', `${method} ${sub}`)
  if (typeof reading === 'string') throw fault(reading)
  return xmlAnswer(reading.root, reading.fields)
}
