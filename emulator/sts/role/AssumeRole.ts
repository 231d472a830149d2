import { type Caller, type Operation, operation } from '../../../src/protocol/operation.ts'
import { readTrust, trusts } from '../../../src/protocol/policy.ts'
import { integer, optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { callerArn } from '../caller-arn.ts'
import { fault } from '../faults.ts'

const input = { RoleArn: text, RoleSessionName: text, DurationSeconds: optional(integer) }

/** In seconds; how long a session is unless the request says it. */
const [shortest, usual] = [900, 3600]

/** All names by which a role's trust may know who asks: everything in an account is meant by the account. */
function namesOf(caller: Caller): string[] {
  const { accountId, role } = caller
  const roles = role ? [`arn:aws:iam::${accountId}:role/${role.name}`] : []
  return [accountId, `arn:aws:iam::${accountId}:root`, callerArn(caller), ...roles]
}

/**
 * Credentials for a role whose trust names who asks, of whatever account. Eucalyptus lets no session of a role take on
 * another one (TokensService).
 */
const AssumeRole: Operation<Cloud, typeof input> = operation('AssumeRole', {
  input,
  async run({ roles, sessions, settings, clock, ids }, { RoleArn, RoleSessionName, DurationSeconds }, { caller }) {
    if (caller.role && settings.fidelity === 'eucalyptus') throw fault('temporary')
    if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName)) throw fault('sessionName', RoleSessionName)
    const role = roles.list().find(({ arn }) => arn === RoleArn)
    const principal = { kind: 'AWS', names: namesOf(caller) } as const
    if (!role || !trusts(readTrust(role.trustPolicy), 'sts:AssumeRole', principal)) {
      throw fault('assumeDenied', callerArn(caller), RoleArn)
    }
    const seconds = DurationSeconds ?? usual
    const longest = role.longestSession ?? usual
    if (seconds > longest) throw fault('duration', `maximum permitted duration is ${longest} seconds.`)
    if (seconds < shortest) throw fault('duration', `minimum permitted duration is ${shortest} seconds.`)
    const session = { accountId: role.accountId, roleId: role.id, name: RoleSessionName }
    const { accessKeyId, secretAccessKey, securityToken, expiresAt } = sessions.issue(
      session,
      clock.now(),
      seconds,
      ids.uuid(),
    )
    return {
      AssumeRoleResult: {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: securityToken,
          Expiration: expiresAt,
        },
        AssumedRoleUser: {
          AssumedRoleId: `${role.id}:${RoleSessionName}`,
          Arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${RoleSessionName}`,
        },
      },
    }
  },
})

export default AssumeRole
