import { operation } from '../operation.ts'
import { asked, ingressInput } from './permission-request.ts'
import { revoke } from './rule-changes.ts'

/** Lets less into the instances of a group. */
export default operation('RevokeSecurityGroupIngress', {
  input: ingressInput,
  async run(cloud, request, { caller }) {
    const permissions = () => asked(request, cloud.settings.fidelity)
    await revoke(cloud, 'ingress', { group: request, permissions }, caller)
    return { return: true }
  },
})
