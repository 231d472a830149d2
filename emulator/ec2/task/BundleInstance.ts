import type { Caller } from '../../../src/protocol/operation.ts'
import { struct, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { instanceId } from '../ids.ts'
import type { InstanceRecord } from '../instance/instance.ts'
import { ownedInstance } from '../instance/owned.ts'
import { operation } from '../operation.ts'
import { type BundleRequest, checkPlace, checkPolicy } from './bundle-request.ts'
import { type BundleTaskRecord, bundleId, isUnderWay, keepTask } from './bundle-task.ts'
import { bundleView } from './bundle-view.ts'

/** Looks at what is at the bucket and the prefix; whether the bucket has to be made. Throws the fault. */
async function isBucketMissing(cloud: Cloud, { Bucket, Prefix }: BundleRequest, caller: Caller): Promise<boolean> {
  const found = await cloud.bundling.examine(caller.accountId, Bucket, Prefix)
  if (found === 'taken') throw fault('bundleBucketTaken', Bucket)
  if (found === 'in use') throw fault('bundlePrefixInUse', Bucket, Prefix)
  return found === 'missing'
}

/** Whether an instance can be bundled now. Throws the fault. AWS bundles Windows on instance-store, and nothing else. */
function checkInstance(cloud: Cloud, tasks: readonly BundleTaskRecord[], instance: InstanceRecord): void {
  const { id, state, platform, rootDeviceType } = instance
  if (cloud.settings.fidelity === 'aws' && !(platform === 'windows' && rootDeviceType === 'instance-store')) {
    throw fault('bundleUnsupported', id)
  }
  if (state !== 'running') throw fault('bundleNotRunning', id)
  const other = tasks.find((task) => task.instanceId === id && isUnderWay(task))
  if (other) throw fault('bundleInProgress', other.id)
}

/**
 * Shuts a running instance down, bundles its whole disk into the caller's bucket and starts it again
 * (eucalyptus-behaviour.md section 3.5). The bucket is made when it is missing, once nothing else can be refused.
 */
export default operation('BundleInstance', {
  input: {
    InstanceId: text,
    Storage: struct({
      S3: struct({
        Bucket: text,
        Prefix: text,
        AWSAccessKeyId: text,
        UploadPolicy: text,
        UploadPolicySignature: text,
      }),
    }),
  },
  async run(cloud, { InstanceId, Storage: { S3: request } }, { caller }) {
    const { Bucket, Prefix, AWSAccessKeyId, UploadPolicy, UploadPolicySignature } = request
    const id = instanceId(InstanceId)
    checkPlace(request)
    const isMissing = await isBucketMissing(cloud, request, caller)
    const token = checkPolicy(cloud, request)
    checkInstance(cloud, cloud.bundleTasks.list(), ownedInstance(cloud, id, caller))
    const refused = isMissing ? await cloud.bundling.createBucket(caller.accountId, Bucket) : undefined
    if (refused !== undefined) throw fault('bundleBucketRefused', Bucket, refused)
    const task = await cloud.store.change((draft) => {
      // It may have gone on meanwhile.
      const instance = ownedInstance(cloud, id, caller)
      checkInstance(cloud, cloud.bundleTasks.in(draft).list(), instance)
      const now = cloud.clock.now().toISOString()
      const made: BundleTaskRecord = {
        id: bundleId(cloud, instance.id),
        instanceId: instance.id,
        ownerId: instance.ownerId,
        uploaderId: caller.accountId,
        state: 'pending',
        startedAt: now,
        updatedAt: now,
        progress: 0,
        bucket: Bucket,
        prefix: Prefix,
        accessKeyId: AWSAccessKeyId,
        uploadPolicy: UploadPolicy,
        uploadPolicySignature: UploadPolicySignature,
        ...token,
      }
      keepTask(cloud, draft, made)
      return made
    })
    cloud.machines.bundle(task.id)
    return { bundleInstanceTask: bundleView(cloud.settings.fidelity, task) }
  },
})
