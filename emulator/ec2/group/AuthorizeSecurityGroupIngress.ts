import { operation } from '../operation.ts'
import { asked, ingressInput } from './permission-request.ts'
import { authorize } from './rule-changes.ts'

/** Lets more into the instances of a group. */
export default operation('AuthorizeSecurityGroupIngress', {
  input: ingressInput,
  async run(cloud, request, { caller }) {
    const permissions = () => asked(request, cloud.settings.fidelity)
    return { return: await authorize(cloud, 'ingress', { group: request, permissions }, caller) }
  },
})
