import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { egressRules, findGroup, type Rule, ruleKey, rulesChanged, type SecurityGroupRecord } from './group.ts'
import type { Asked } from './permission-request.ts'
import { rulesOf } from './permissions.ts'

/** The rules of a group that an operation changes: what it lets in, or what it lets out. */
type Direction = 'ingress' | 'egress'

/** What an operation is to change: permissions of a group. */
interface Change {
  readonly group: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined }
  /** Read when the group is found: a fault of the group comes first. */
  readonly permissions: () => readonly Asked[]
}

const rulesIn = (group: SecurityGroupRecord, direction: Direction) =>
  direction === 'ingress' ? group.rules : egressRules(group)
const withRules = (group: SecurityGroupRecord, direction: Direction, rules: readonly Rule[]): SecurityGroupRecord =>
  direction === 'ingress' ? { ...group, rules } : { ...group, egress: rules }

/**
 * Adds rules to a group. A permission that the group has already leaves all as it is: Eucalyptus answers `false`, AWS
 * with a fault. Resolves with whether they were added.
 */
export async function authorize(
  cloud: Cloud,
  direction: Direction,
  { group: named, permissions: asked }: Change,
  caller: Caller,
): Promise<boolean> {
  const added = await cloud.store.change((draft) => {
    const group = changeable(findGroup(cloud, draft, named, caller), direction, cloud)
    const permissions = rulesOf(cloud, draft, asked(), caller, 'authorize')
    const all = new Map(rulesIn(group, direction).map((rule) => [ruleKey(rule), rule]))
    const isThere = (rule: Rule) => all.has(ruleKey(rule))
    if (cloud.settings.fidelity === 'aws') refuseRepeats(permissions.flat(), isThere)
    if (permissions.some((rules) => rules.length && rules.every(isThere))) return false
    for (const rule of permissions.flat()) if (!isThere(rule)) all.set(ruleKey(rule), rule)
    cloud.groups.in(draft).put(withRules(group, direction, [...all.values()]))
    return true
  })
  if (added) rulesChanged(cloud)
  return added
}

/** Takes rules out of a group. One that it does not have is passed over in Eucalyptus; AWS then takes none out. */
export async function revoke(
  cloud: Cloud,
  direction: Direction,
  { group: named, permissions }: Change,
  caller: Caller,
): Promise<void> {
  await cloud.store.change((draft) => {
    const group = changeable(findGroup(cloud, draft, named, caller), direction, cloud)
    const rules = rulesOf(cloud, draft, permissions(), caller, 'revoke').flat()
    const before = rulesIn(group, direction)
    const there = new Set(before.map(ruleKey))
    const gone = new Set(rules.map(ruleKey))
    if (cloud.settings.fidelity === 'aws' && [...gone].some((key) => !there.has(key))) throw fault('permissionNotFound')
    const kept = before.filter((rule) => !gone.has(ruleKey(rule)))
    cloud.groups.in(draft).put(withRules(group, direction, kept))
  })
  rulesChanged(cloud)
}

/** In Eucalyptus only groups of a VPC have rules for what they let out, and there is none here. */
function changeable(group: SecurityGroupRecord, direction: Direction, cloud: Cloud): SecurityGroupRecord {
  if (direction === 'egress' && cloud.settings.fidelity === 'eucalyptus') throw fault('groupNotInVpc', group.id)
  return group
}

function refuseRepeats(rules: readonly Rule[], isThere: (rule: Rule) => boolean): void {
  if (new Set(rules.map(ruleKey)).size < rules.length) throw fault('permissionRepeated')
  const duplicate = rules.find(isThere)
  if (!duplicate) return
  const { protocol, fromPort, toPort, source } = duplicate
  const peer = 'cidr' in source ? source.cidr : source.groupId
  const what = protocol === '-1' ? 'ALL' : `${protocol.toUpperCase()}, from port: ${fromPort}, to port: ${toPort}`
  throw fault('permissionDuplicate', `peer: ${peer}, ${what}`)
}
