import { createHash } from 'node:crypto'
import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import type { InstanceRecord } from './instance.ts'
import type { LaunchRequest } from './launch-request.ts'

/** The same text for the same parameters, whatever the order in which they were sent. */
export const requestDigest = (request: LaunchRequest): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('base64url')

/** The longest client token, in characters (AWS: RunInstances). */
const longestToken = 64

/**
 * The instances that the caller has launched with the same client token; none when there is no token or a new one. In
 * Eucalyptus the other parameters do not matter (eucalyptus-behaviour.md section 5.2); AWS throws the fault when they
 * differ.
 */
export function earlierLaunch(cloud: Cloud, draft: Draft, request: LaunchRequest, caller: Caller): InstanceRecord[] {
  const { ClientToken } = request
  if (ClientToken === undefined) return []
  const aws = cloud.settings.fidelity === 'aws'
  if (aws && ClientToken.length > longestToken) throw fault('invalidParameterValue', ClientToken, 'ClientToken')
  const instances = cloud.instances.in(draft).list()
  const earlier = instances.filter(
    ({ clientToken, ownerId }) => clientToken === ClientToken && ownerId === caller.accountId,
  )
  const digest = requestDigest(request)
  if (aws && earlier.some(({ requestDigest: first }) => first !== digest)) throw fault('idempotentMismatch')
  return earlier
}
