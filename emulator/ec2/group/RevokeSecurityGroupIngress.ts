import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findGroup, ruleKey, rulesChanged } from './group.ts'
import { ingressInput } from './ingress-request.ts'
import { rulesOf } from './permissions.ts'

/** Takes rules out of a group. One that it does not have is passed over in Eucalyptus; AWS then takes none out. */
export default operation('RevokeSecurityGroupIngress', {
  input: ingressInput,
  async run(cloud, request, { caller }) {
    await cloud.store.change((draft) => {
      const group = findGroup(cloud, draft, request, caller)
      const rules = rulesOf(cloud, draft, request, caller, 'revoke').flat()
      const there = new Set(group.rules.map(ruleKey))
      const gone = new Set(rules.map(ruleKey))
      if (cloud.settings.fidelity === 'aws' && [...gone].some((key) => !there.has(key)))
        throw fault('permissionNotFound')
      const kept = group.rules.filter((rule) => !gone.has(ruleKey(rule)))
      cloud.groups.in(draft).put({ ...group, rules: kept })
    })
    rulesChanged(cloud)
    return { return: true }
  },
})
