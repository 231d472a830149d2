import type { Fidelity } from '../../../src/protocol/faults.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import { shown } from '../../state/life.ts'
import type { FilterTable } from '../filters.ts'
import { type BundleState, type BundleTaskRecord, bundleLife } from './bundle-task.ts'

/** What AWS calls the states that it spells differently or does not have: what was cancelled has failed. */
const inAws: Partial<Record<BundleState, string>> = { canceling: 'cancelling', cancelled: 'failed' }

/** A task's state as the clients of a fidelity see it. */
export const stateOf = (fidelity: Fidelity, { state }: Pick<BundleTaskRecord, 'state'>): string =>
  fidelity === 'aws' ? (inAws[state] ?? state) : shown(bundleLife, state)

const progressOf = (fidelity: Fidelity, { progress }: BundleTaskRecord) =>
  fidelity === 'aws' ? `${progress}%` : String(progress)

/**
 * A task as clients see it. Eucalyptus' answers have no place for an error, nor a percent sign (ec2-bundling.xml); AWS
 * tells what was asked for.
 */
export function bundleView(fidelity: Fidelity, task: BundleTaskRecord): { [name: string]: Answer } {
  const { accessKeyId, uploadPolicy, uploadPolicySignature, bucket, prefix } = task
  const isAws = fidelity === 'aws'
  return {
    instanceId: task.instanceId,
    bundleId: task.id,
    state: stateOf(fidelity, task),
    startTime: task.startedAt,
    updateTime: task.updatedAt,
    progress: progressOf(fidelity, task),
    storage: {
      S3: { bucket, prefix, ...(isAws && { awsAccessKeyId: accessKeyId, uploadPolicy, uploadPolicySignature }) },
    },
    ...(isAws && task.error && { error: { code: task.error.code, message: task.error.message } }),
  }
}

/** The filters of DescribeBundleTasks (VmBundleTaskFilterSupport). */
export const bundleFilters = (fidelity: Fidelity): FilterTable<BundleTaskRecord> => ({
  'bundle-id': ({ id }) => [id],
  'error-code': ({ error }) => [error?.code],
  'error-message': ({ error }) => [error?.message],
  'instance-id': ({ instanceId }) => [instanceId],
  progress: (task) => [`${task.progress}`, `${task.progress}%`],
  's3-bucket': ({ bucket }) => [bucket],
  's3-prefix': ({ prefix }) => [prefix],
  'start-time': ({ startedAt }) => [startedAt],
  state: (task) => [stateOf(fidelity, task)],
  'update-time': ({ updatedAt }) => [updatedAt],
})
