import { type Operation, operation } from '../../../src/protocol/operation.ts'
import type { Fields } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { callerArn } from '../caller-arn.ts'

/** Who asks: the user that an access key belongs to, or the session of a role. */
const GetCallerIdentity: Operation<Cloud, Fields> = operation('GetCallerIdentity', {
  input: {},
  async run({ accounts }, _input, { caller }) {
    const { accountId, role } = caller
    const UserId = role ? `${role.id}:${role.session}` : accounts.users(accountId)[0]?.id
    return { GetCallerIdentityResult: { UserId, Account: accountId, Arn: callerArn(caller) } }
  },
})

export default GetCallerIdentity
