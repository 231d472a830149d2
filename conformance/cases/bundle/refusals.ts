import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { bundleBucket, bundleRequest } from '../../bundle-tasks.ts'
import { defineCase } from '../../case.ts'
import { registerRandomImage } from '../../images.ts'
import { findInstance, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

export default defineCase({
  id: 'bundle/refusals',
  title: 'a bundle that may not be uploaded is refused before its instance is touched',
  level: 'MUST',
  covers: ['BundleInstance', 'CancelBundleTask', 'DescribeBundleTasks', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'bundle-instance'],
  source: 'eucalyptus-behaviour.md section 3.5; VmControl.bundleInstance',
  seconds: 10,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    // The real cloud makes the buckets before it refuses, this one only for a bundle.
    const bucket = bundleBucket(tools)
    const refused = (S3: object) =>
      ec2.call('BundleInstance', { InstanceId: id, Storage: { S3: { ...bundleRequest(tools, bucket), ...S3 } } })
    const invalid = refusal('InvalidParameterValue', 400)
    await tools.refuses(refused({ UploadPolicySignature: 'AAAA' }), invalid)
    await tools.refuses(refused({ UploadPolicy: 'AAAA' }), invalid)
    await tools.refuses(refused({ AWSAccessKeyId: 'nobody' }), invalid)
    await tools.refuses(refused({ Bucket: bundleBucket(tools) }), invalid)
    const nobody = { InstanceId: 'i-00000000', Storage: { S3: bundleRequest(tools, bucket) } }
    await tools.refuses(ec2.call('BundleInstance', nobody), refusal('InvalidInstanceID.NotFound', 400))
    const BundleId = id.replace('i-', 'bun-')
    await tools.refuses(ec2.call('CancelBundleTask', { BundleId }), refusal('InternalFailure', 500))
    const tasks = list(await ec2.call('DescribeBundleTasks'), 'bundleInstanceTasksSet')
    assert.ok(!tasks.some((task) => text(task, 'instanceId') === id))
    assert.equal(stateOf(await findInstance(tools.administrator, id)), 'running')
  },
})
