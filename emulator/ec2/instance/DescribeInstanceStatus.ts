import { flag, list, optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { type FilterTable, filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { type InstanceRecord, isShown, stateCode, stateView } from './instance.ts'
import { ownedInstances } from './owned.ts'

/** A check: how it came out, and what it says of reachability when it applies. */
interface Check {
  readonly status: 'ok' | 'impaired' | 'initializing' | 'not-applicable'
  readonly reachability?: 'passed' | 'failed' | 'initializing'
}

const ok: Check = { status: 'ok', reachability: 'passed' }
const impaired: Check = { status: 'impaired', reachability: 'failed' }
const initializing: Check = { status: 'initializing', reachability: 'initializing' }
const notApplicable: Check = { status: 'not-applicable' }

/** The host: it carries the machine of a running instance. */
const systemCheck = (cloud: Cloud, { id, state }: InstanceRecord): Check => {
  if (state !== 'running') return notApplicable
  return cloud.machines.runs(id) ? ok : impaired
}

/**
 * The guest. Eucalyptus does not look: it is always well (StatusTransform of VmInstance). In AWS it has to be heard on
 * its network first.
 */
const instanceCheck = (cloud: Cloud, { id, state }: InstanceRecord): Check => {
  if (cloud.settings.fidelity === 'eucalyptus') return ok
  if (state !== 'running') return notApplicable
  if (!cloud.machines.runs(id)) return impaired
  return cloud.network.hasHeard(id) ? ok : initializing
}

const checkView = ({ status, reachability }: Check) => ({
  status,
  details: reachability ? [{ name: 'reachability', status: reachability }] : undefined,
})

/** Nothing is ever planned for an instance, so the filters on events match none. */
const statusFilters = (cloud: Cloud): FilterTable<InstanceRecord> => ({
  'availability-zone': ({ zone }) => [zone],
  'event.code': () => [],
  'event.description': () => [],
  'event.not-after': () => [],
  'event.not-before': () => [],
  'instance-state-code': ({ state }) => [stateCode[state]],
  'instance-state-name': ({ state }) => [state],
  'instance-status.reachability': (instance) => [instanceCheck(cloud, instance).reachability],
  'instance-status.status': (instance) => [instanceCheck(cloud, instance).status],
  'system-status.reachability': (instance) => [systemCheck(cloud, instance).reachability],
  'system-status.status': (instance) => [systemCheck(cloud, instance).status],
})

/**
 * How instances are: those that run, or all (eucalyptus-behaviour.md section 5.5). Administrators see every account's by
 * id, and with the pseudo id `verbose`.
 */
export default operation('DescribeInstanceStatus', {
  input: {
    InstanceId: list(text),
    Filter: filters,
    IncludeAllInstances: optional(flag),
    ...paging,
  },
  async run(cloud, { InstanceId, Filter, IncludeAllInstances = false, ...asked }, { caller }) {
    const ids = InstanceId.filter((id) => id !== 'verbose')
    const everybodys = caller.administrator && ids.length < InstanceId.length
    const now = cloud.clock.now()
    const named = ids.length
      ? ownedInstances(cloud, ids, caller)
      : cloud.instances
          .list()
          .filter((instance) => isShown(instance, now) && (everybodys || instance.ownerId === caller.accountId))
    const instances = named
      .filter(({ state }) => IncludeAllInstances || state === 'running')
      .filter(filtering(statusFilters(cloud), Filter))
    const { entries, nextToken } = page(cloud, instances, asked, { key: ({ id }) => id, named: ids.length > 0 })
    return {
      nextToken,
      instanceStatusSet: entries.map((instance) => ({
        instanceId: instance.id,
        availabilityZone: instance.zone,
        instanceState: stateView(instance.state),
        systemStatus: checkView(systemCheck(cloud, instance)),
        instanceStatus: checkView(instanceCheck(cloud, instance)),
      })),
    }
  },
})
