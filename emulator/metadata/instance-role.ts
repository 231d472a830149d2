import { readTrust, trusts } from '../../src/protocol/policy.ts'
import type { Cloud } from '../cloud.ts'
import type { InstanceRole } from './facts.ts'

/** After how many seconds an instance gets other credentials, and how long each are good: always for a while longer. */
const exchange = {
  eucalyptus: { every: 1800, good: 3600 },
  aws: { every: 3600, good: 21_600 },
} as const

/** What an instance must tell of itself. */
interface Launched {
  readonly id: string
  readonly ownerId: string
  readonly launchedAt: string
  readonly instanceProfile?: { readonly arn: string; readonly id: string }
}

/**
 * The instance profile of an instance as it is now, with credentials for its role: the same for everybody who asks until
 * they are exchanged, and undefined for an instance without a profile.
 */
export function instanceRole(
  { instanceProfiles, roles, sessions, settings, clock }: Cloud,
  { id, ownerId, launchedAt, instanceProfile }: Launched,
): InstanceRole | undefined {
  if (!instanceProfile) return undefined
  const { every, good } = exchange[settings.fidelity]
  const [launched, now] = [Date.parse(launchedAt), clock.now().getTime()]
  const lastUpdated = new Date(launched + Math.floor((now - launched) / (every * 1000)) * every * 1000)
  const profile = instanceProfiles.get(instanceProfile.id)
  const role = profile?.roleId === undefined ? undefined : roles.get(profile.roleId)
  const ec2 = { kind: 'Service', names: ['ec2.amazonaws.com'] } as const
  const isTrusted = role && trusts(readTrust(role.trustPolicy), 'sts:AssumeRole', ec2)
  return {
    profileArn: instanceProfile.arn,
    profileId: instanceProfile.id,
    exists: profile !== undefined,
    lastUpdated,
    roleName: role?.name,
    credentials: isTrusted
      ? sessions.issue({ accountId: ownerId, roleId: role.id, name: id }, lastUpdated, good, 'instance')
      : undefined,
  }
}
