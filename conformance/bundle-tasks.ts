import type { Parameters } from '../src/client/ec2.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import { removeBucket } from './buckets.ts'
import type { Tools } from './tools.ts'
import { signedPolicy } from './upload-policy.ts'

/** A bundle task that was asked for, and where its manifest comes to lie. */
export interface AskedBundle {
  readonly id: string
  readonly bucket: string
  readonly location: string
}

/** A bundle task as DescribeBundleTasks shows it. */
export async function findBundleTask({ administrator }: Tools, id: string): Promise<Xml | undefined> {
  return list(await administrator.ec2.call('DescribeBundleTasks', { BundleId: [id] }), 'bundleInstanceTasksSet')[0]
}

const prefix = 'disk'

/** A name for a bucket that the cloud makes for a bundle; it is removed after the case. */
export function bundleBucket(tools: Tools): string {
  const bucket = tools.name('bundle')
  tools.later(`bucket ${bucket}`, () => removeBucket(tools.administrator, bucket))
  return bucket
}

/** Where a bundle is to go, with the policy of euca-bundle-instance. */
export function bundleRequest({ administrator: { account } }: Tools, bucket: string): Parameters {
  const conditions = [{ acl: 'ec2-bundle-read' }, { bucket }, ['starts-with', '$key', prefix]]
  const { policy, signature } = signedPolicy(account, conditions)
  const upload = { UploadPolicy: policy, UploadPolicySignature: signature, AWSAccessKeyId: account.accessKeyId }
  return { Bucket: bucket, Prefix: prefix, ...upload }
}

/** Has an instance bundled into a bucket that the cloud makes. */
export async function bundleInstance(tools: Tools, InstanceId: string): Promise<AskedBundle> {
  const bucket = bundleBucket(tools)
  const Storage = { S3: bundleRequest(tools, bucket) }
  const answer = await tools.administrator.ec2.call('BundleInstance', { InstanceId, Storage })
  const id = text(answer, 'bundleInstanceTask', 'bundleId')
  if (!id) throw new Error('BundleInstance answered without the id of a task')
  return { id, bucket, location: `${bucket}/${prefix}.manifest.xml` }
}

/** Waits for a task to be over and gives its state. */
export async function untilBundled(tools: Tools, id: string): Promise<string> {
  const state = async () => text(await findBundleTask(tools, id), 'state') ?? 'gone'
  return tools.until(`the end of ${id}`, state, (now) => !['pending', 'storing', 'canceling'].includes(now), 300)
}
