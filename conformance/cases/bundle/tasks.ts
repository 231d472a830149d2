import assert from 'node:assert/strict'
import { ServiceError } from '../../../src/client/service-error.ts'
import { list, text } from '../../../src/client/xml.ts'
import { makeBucket } from '../../buckets.ts'
import { bundleBucket, bundleInstance, bundleRequest, findBundleTask, untilBundled } from '../../bundle-tasks.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md section 3.5; EC2 API Reference, BundleInstance and CancelBundleTask'
const base = { level: 'MUST', source, seconds: 15, cents: 1 } as const

/** The code of a refusal; what is none is thrown on. */
function codeOf(error: unknown): string {
  if (error instanceof ServiceError) return error.code
  throw error
}

const cancelled: Case = defineCase({
  ...base,
  id: 'bundle/task-is-cancelled',
  title:
    'a bundle task is shown while it is under way, and found by filters; cancelled, it leaves neither its objects nor the bucket that was made for them, and the instance running',
  covers: ['BundleInstance', 'DescribeBundleTasks', 'CancelBundleTask'],
  needs: ['s3', 'images', 'instance-store', 'bundle-instance', 'bundle-tasks'],
  async run(tools) {
    const { ec2, s3 } = tools.administrator
    const instance = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, instance)
    const { id, bucket, location } = await bundleInstance(tools, instance)
    assert.equal(id, instance.replace('i-', 'bun-'))
    const task = await findBundleTask(tools, id)
    assert.deepEqual([text(task, 'instanceId'), text(task, 'storage', 'S3', 'bucket')], [instance, bucket])
    assert.ok(['pending', 'storing'].includes(text(task, 'state') ?? ''))
    const found = async (Name: string, value: string) => {
      const Filter = [{ Name, Value: [value] }]
      const tasks = list(await ec2.call('DescribeBundleTasks', { Filter }), 'bundleInstanceTasksSet')
      return tasks.some((one) => text(one, 'bundleId') === id)
    }
    for (const [name, value] of Object.entries({ 'bundle-id': id, 'instance-id': instance, 's3-bucket': bucket })) {
      assert.deepEqual([await found(name, value), await found(name, 'other')], [true, false], name)
    }
    const Storage = { S3: bundleRequest(tools, bundleBucket(tools)) }
    const twice = ec2.call('BundleInstance', { InstanceId: instance, Storage })
    await tools.refuses(twice, refusal('BundlingInProgress', 400))
    const answer = await ec2.call('CancelBundleTask', { BundleId: id })
    assert.equal(text(answer, 'bundleInstanceTask', 'state'), 'canceling')
    assert.equal(await untilBundled(tools, id), 'cancelled')
    // The bucket was made for the bundle alone, and goes with it, in the cloud's own time.
    const look = () => s3({ method: 'GET', path: `/${bucket}` }).then(() => 'there', codeOf)
    assert.equal(await tools.until(`the removal of ${bucket}`, look, (now) => now !== 'there'), 'NoSuchBucket')
    await tools.refuses(s3({ method: 'HEAD', path: `/${location}` }), refusal('HTTP 404', 404))
    await untilRunning(tools, instance)
    // It is over, and nothing is left to cancel.
    await tools.refuses(ec2.call('CancelBundleTask', { BundleId: id }), refusal('InternalFailure', 500))
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'bundle/places-that-cannot-be',
  title:
    'a bundle goes to no bucket of a bad name, to no prefix that is in use, and comes of no instance that has ended',
  covers: ['BundleInstance', 'DescribeBundleTasks'],
  needs: ['s3', 'images', 'instance-store', 'bundle-instance', 'bundle-tasks'],
  async run(tools) {
    const { ec2, minio } = tools.administrator
    const instance = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, instance)
    const bucket = await makeBucket(tools)
    const bundle = (S3: object) =>
      ec2.call('BundleInstance', { InstanceId: instance, Storage: { S3: { ...bundleRequest(tools, bucket), ...S3 } } })
    // The blank is Eucalyptus' own.
    const place = refusal(' InvalidParameterValue', 400)
    for (const Prefix of ['a/b', 'x', 'p'.repeat(256)]) await tools.refuses(bundle({ Prefix }), place)
    await tools.refuses(bundle({ Bucket: 'a bucket' }), place)
    await minio.putObject(bucket, 'disk.manifest.xml', Buffer.from('in use'))
    await tools.refuses(bundle({}), refusal('InvalidParameterValue', 400, /in use/))
    await endInstance(tools, instance)
    const elsewhere = { S3: bundleRequest(tools, bundleBucket(tools)) }
    const ended = ec2.call('BundleInstance', { InstanceId: instance, Storage: elsewhere })
    await tools.refuses(ended, refusal('InvalidState', 400))
    assert.equal(await findBundleTask(tools, instance.replace('i-', 'bun-')), undefined)
  },
})

const unknown: Case = defineCase({
  ...base,
  id: 'bundle/ids-that-name-no-task',
  title: 'ids of no bundle task are passed over in Eucalyptus and refused by AWS, and cannot be cancelled',
  covers: ['DescribeBundleTasks', 'CancelBundleTask'],
  needs: ['bundle-tasks'],
  seconds: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const id = 'bun-00000000'
    const notFound = refusal('InvalidBundleID.NotFound', 400)
    if (tools.target.fidelity === 'aws') await tools.refuses(findBundleTask(tools, id), notFound)
    else assert.equal(await findBundleTask(tools, id), undefined)
    await tools.refuses(ec2.call('CancelBundleTask', { BundleId: id }), {
      eucalyptus: refusal('InternalFailure', 500),
      aws: notFound,
    })
  },
})

export default [cancelled, refusals, unknown]
