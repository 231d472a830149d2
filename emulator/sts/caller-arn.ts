import type { Caller } from '../../src/protocol/operation.ts'

/** The name of who asks: the administrator of an account, or the session of a role. */
export const callerArn = ({ accountId, role }: Caller): string =>
  role ? `arn:aws:sts::${accountId}:assumed-role/${role.name}/${role.session}` : `arn:aws:iam::${accountId}:user/admin`
