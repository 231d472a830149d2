import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { isShown } from '../instance/instance.ts'

export type BundleState =
  | 'pending'
  | 'waiting-for-shutdown'
  | 'storing'
  | 'canceling'
  | 'cancelled'
  | 'complete'
  | 'failed'
export type BundleEvent = 'begin' | 'down' | 'stored' | 'cancel' | 'broke'

/**
 * eucalyptus-behaviour.md section 3.5. Eucalyptus' node says that it bundles as soon as it has been asked, so the time in
 * which the guest shuts down shows as storing. `broke` is whatever ends a task that has not come to its end.
 */
export const bundleLife: Life<BundleState, BundleEvent> = {
  pending: { on: { begin: 'waiting-for-shutdown', cancel: 'canceling', broke: 'failed' } },
  'waiting-for-shutdown': { shows: 'storing', on: { down: 'storing', cancel: 'canceling', broke: 'failed' } },
  storing: { on: { stored: 'complete', cancel: 'canceling', broke: 'failed' } },
  canceling: { on: { broke: 'cancelled' } },
  cancelled: { on: {} },
  complete: { on: {} },
  failed: { on: {} },
}

/** The bundling of an instance's disk into a user's bucket. */
export interface BundleTaskRecord {
  readonly id: string
  readonly instanceId: string
  /** Of the instance. */
  readonly ownerId: string
  /** Whoever asked: the bucket is theirs. */
  readonly uploaderId: string
  readonly state: BundleState
  readonly startedAt: string
  readonly updatedAt: string
  /** Whole percent of the disk's bytes that have been bundled. */
  readonly progress: number
  readonly bucket: string
  readonly prefix: string
  readonly accessKeyId: string
  /** base64, as they were given. */
  readonly uploadPolicy: string
  readonly uploadPolicySignature: string
  readonly securityToken?: string
  /** Why it was not completed. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** Whether a task goes on. */
export const isUnderWay = ({ state }: BundleTaskRecord): boolean => Object.keys(bundleLife[state].on).length > 0

/** What a task is called: in Eucalyptus after its instance, of which it is the newest task. */
export const bundleId = ({ ids, settings }: Cloud, instanceId: string): string =>
  settings.fidelity === 'aws' ? ids.resource('bun') : instanceId.slice(0, 10).replace('i-', 'bun-')

/** Keeps a new task, within a change, and forgets those of instances that no answer can name any more. */
export function keepTask(cloud: Cloud, draft: Draft, task: BundleTaskRecord): void {
  const tasks = cloud.bundleTasks.in(draft)
  for (const { id, instanceId } of tasks.list()) if (!cloud.instances.in(draft).get(instanceId)) tasks.remove(id)
  tasks.put(task)
}

/** Moves a task along its life, within a change. Throws IllegalMove, and when the task is gone. */
export function moveTask(
  cloud: Cloud,
  draft: Draft,
  id: string,
  event: BundleEvent,
  also: Partial<BundleTaskRecord> = {},
): BundleTaskRecord {
  const tasks = cloud.bundleTasks.in(draft)
  const task = tasks.get(id)
  if (!task) throw new Error(`the bundle task ${id} does not exist`)
  const updatedAt = cloud.clock.now().toISOString()
  const moved = { ...task, ...also, updatedAt, state: move(bundleLife, task.state, event) }
  tasks.put(moved)
  return moved
}

/** The tasks that a caller may see: while their instances are shown. */
export function callersTasks(cloud: Cloud, caller: Caller): BundleTaskRecord[] {
  const now = cloud.clock.now()
  return cloud.bundleTasks.list().filter(({ ownerId, instanceId }) => {
    const instance = cloud.instances.get(instanceId)
    return instance && isShown(instance, now) && (ownerId === caller.accountId || caller.administrator)
  })
}

/** A task's id in lower case. Throws the fault for what is none. */
export function taskId(id: string): string {
  if (!/^bun-(?:[0-9a-f]{8}|[0-9a-f]{17})$/i.test(id)) throw fault('bundleIdMalformed', id)
  return id.toLowerCase()
}
