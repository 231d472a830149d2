import type { Fidelity } from '../../src/protocol/faults.ts'
import type { Answer } from '../../src/protocol/xml.ts'
import { xmlAnswer } from './answer.ts'
import { type FaultName, fault } from './faults.ts'
import { type S3Operation, s3Operation } from './operation.ts'
import type { Wanted } from './router.ts'

/** What an empty configuration looks like. */
interface Empty {
  readonly root: string
  readonly fields: { readonly [name: string]: Answer }
}

/** What GET answers of a configuration that nobody can set: the fault that says so, or an empty document. */
type Reading = FaultName | Empty

/** A configuration of buckets that nobody can set here. */
interface Unkept {
  /** What stands behind Get, Put and Delete in the names of its operations. */
  readonly name: string
  readonly reading: Reading
  /** Whether S3 has an operation that deletes it. */
  readonly isDeletable?: boolean
  /** The only fidelity that knows of it. */
  readonly fidelity?: Fidelity
}

const empty = (root: string, fields: Empty['fields'] = {}): Empty => ({ root, fields })

/**
 * The configurations of buckets that are read but never set (eucalyptus-behaviour.md section 10.1): what has a fault of
 * its own for a bucket without one answers it, and to set or to delete one is not implemented. AWS' faults are those
 * of its API reference.
 */
export const unkept: Readonly<Record<string, Unkept>> = {
  accelerate: { name: 'BucketAccelerateConfiguration', reading: empty('AccelerateConfiguration') },
  analytics: { name: 'BucketAnalyticsConfiguration', reading: 'notImplemented', isDeletable: true },
  encryption: { name: 'BucketEncryption', reading: 'noSuchEncryption', isDeletable: true },
  'intelligent-tiering': {
    name: 'BucketIntelligentTieringConfiguration',
    reading: 'notImplemented',
    isDeletable: true,
    fidelity: 'aws',
  },
  inventory: { name: 'BucketInventoryConfiguration', reading: 'notImplemented', isDeletable: true },
  logging: { name: 'BucketLogging', reading: empty('BucketLoggingStatus') },
  metrics: { name: 'BucketMetricsConfiguration', reading: 'notImplemented', isDeletable: true },
  notification: { name: 'BucketNotificationConfiguration', reading: empty('NotificationConfiguration') },
  'object-lock': { name: 'ObjectLockConfiguration', reading: 'noSuchObjectLock' },
  ownershipControls: {
    name: 'BucketOwnershipControls',
    reading: 'noSuchOwnershipControls',
    isDeletable: true,
    fidelity: 'aws',
  },
  replication: { name: 'BucketReplication', reading: 'noSuchReplication', isDeletable: true },
  requestPayment: {
    name: 'BucketRequestPayment',
    reading: empty('RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
  },
  website: { name: 'BucketWebsite', reading: 'noSuchWebsite', isDeletable: true },
}

function operationsOf([sub, one]: [string, Unkept]): S3Operation[] {
  const methods = { GET: 'Get', PUT: 'Put', ...(one.isDeletable && { DELETE: 'Delete' }) } as const
  return Object.entries(methods).map(([method, verb]) =>
    s3Operation(verb + one.name, {
      route: { method: method as keyof typeof methods, of: 'bucket', sub },
      access: { bucket: 'owner' },
      ...(one.fidelity && { fidelity: one.fidelity }),
      async run() {
        const reading = method === 'GET' ? one.reading : 'notImplemented'
        if (typeof reading === 'object') return xmlAnswer(reading.root, reading.fields)
        throw reading === 'notImplemented' ? fault(reading, `${method} ${sub}`) : fault(reading)
      },
    }),
  )
}

/** The operations that only say what is not there, to those who may know. */
export const standIns: readonly S3Operation[] = Object.entries(unkept).flatMap(operationsOf)

/**
 * The fault of a request that no operation claims. What S3 has beside the objects themselves but is not here, Eucalyptus
 * maps to nothing (section 10.1).
 */
export function unclaimed({ of, sub }: Wanted): Error {
  const isOwn = sub === undefined || sub === 'acl' || sub.startsWith('upload')
  return fault(of === 'object' && !isOwn ? 'unmapped' : 'methodNotAllowed')
}
