import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findGroup, type Rule, ruleKey, rulesChanged } from './group.ts'
import { ingressInput } from './ingress-request.ts'
import { rulesOf } from './permissions.ts'

/**
 * Adds rules to a group. A permission that the group has already leaves all as it is: Eucalyptus answers `false`, AWS
 * with a fault.
 */
export default operation('AuthorizeSecurityGroupIngress', {
  input: ingressInput,
  async run(cloud, request, { caller }) {
    const added = await cloud.store.change((draft) => {
      const group = findGroup(cloud, draft, request, caller)
      const permissions = rulesOf(cloud, draft, request, caller, 'authorize')
      const all = new Map(group.rules.map((rule) => [ruleKey(rule), rule]))
      const isThere = (rule: Rule) => all.has(ruleKey(rule))
      if (cloud.settings.fidelity === 'aws') refuseRepeats(permissions.flat(), isThere)
      if (permissions.some((rules) => rules.length && rules.every(isThere))) return false
      for (const rule of permissions.flat()) if (!isThere(rule)) all.set(ruleKey(rule), rule)
      cloud.groups.in(draft).put({ ...group, rules: [...all.values()] })
      return true
    })
    if (added) rulesChanged(cloud)
    return { return: added }
  },
})

function refuseRepeats(rules: readonly Rule[], isThere: (rule: Rule) => boolean): void {
  if (new Set(rules.map(ruleKey)).size < rules.length) throw fault('permissionRepeated')
  const duplicate = rules.find(isThere)
  if (!duplicate) return
  const { protocol, fromPort, toPort, source } = duplicate
  const peer = 'cidr' in source ? source.cidr : source.groupId
  const what = protocol === '-1' ? 'ALL' : `${protocol.toUpperCase()}, from port: ${fromPort}, to port: ${toPort}`
  throw fault('permissionDuplicate', `peer: ${peer}, ${what}`)
}
