import type { CallerRole } from '../../src/protocol/operation.ts'
import { demandsOf, sourceDemand } from './demands.ts'
import type { S3Call, S3Operation } from './operation.ts'

/** Whether the policies of a role's session allow a request: what it does, the object that it copies, the ACL that it sets. */
export function roleMay(may: CallerRole['may'], operation: S3Operation | undefined, call: S3Call): boolean {
  // What has no operation is only for those who may do everything.
  if (!operation) return may('s3:NoOperation')
  const source = sourceDemand(call)
  return [...demandsOf(operation, call), ...(source ? [source] : [])].every(({ action, resource }) =>
    may(action, resource),
  )
}
