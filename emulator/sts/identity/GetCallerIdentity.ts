import { type Operation, operation } from '../../../src/protocol/operation.ts'
import type { Fields } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'

/** Who the access key belongs to: its account, whose only user so far is `admin`. */
const GetCallerIdentity: Operation<Cloud, Fields> = operation('GetCallerIdentity', {
  input: {},
  async run(_cloud, _input, { caller }) {
    const { accountId, accessKeyId } = caller
    return {
      GetCallerIdentityResult: { UserId: accessKeyId, Account: accountId, Arn: `arn:aws:iam::${accountId}:user/admin` },
    }
  },
})

export default GetCallerIdentity
