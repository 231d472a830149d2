import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { unwrap } from '../../../src/bundle/cipher.ts'
import { unbundle } from '../../../src/bundle/unbundler.ts'
import type { Xml } from '../../../src/client/xml.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import { signPolicyV2 } from '../../../src/protocol/signature/verify-policy.ts'
import { freshCloud, items, type TestCloud, type TestCloudOptions, theText } from '../../cloud.harness.ts'
import { instanceTypes } from '../../state/settings.ts'

/** Settings by which m1.small has a disk of 8 MiB, as every byte of a disk is bundled. */
export const smallDisks = {
  instanceTypes: instanceTypes.map((type) => (type.name === 'm1.small' ? { ...type, disk: 1 / 128 } : type)),
  defaultInstanceType: 'm1.small',
}

/** A cloud for one test, whose instances have small disks. */
export const bundlingCloud = (options: TestCloudOptions = {}): Promise<TestCloud> =>
  freshCloud({ ...options, settings: { ...smallDisks, ...options.settings } })

/** What a bundle request is made of; all but the instance has a default. */
export interface Asked {
  readonly Bucket?: string
  readonly Prefix?: string
  readonly as?: Caller
  /** For which the policy is good; a day if left out. */
  readonly seconds?: number
  /** In place of the policy that euca-bundle-instance makes. */
  readonly policy?: unknown
  /** In place of its signature. */
  readonly signature?: string
  readonly AWSAccessKeyId?: string
}

/** The parameters that euca-bundle-instance sends, its policy good for a day. */
export function bundleParameters(it: TestCloud, InstanceId: string, asked: Asked = {}): Record<string, string> {
  const { Bucket = 'backups', Prefix = 'web', as = it.administrator, seconds = 86_400 } = asked
  const expiration = new Date(it.clock.now().getTime() + seconds * 1000).toISOString().replace(/\.\d+/, '')
  const conditions = [{ acl: 'ec2-bundle-read' }, { bucket: Bucket }, ['starts-with', '$key', Prefix]]
  const policy = asked.policy ?? { conditions, expiration }
  const UploadPolicy = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64')
  const secretAccessKey = it.cloud.accounts.key(as.accessKeyId)?.secret ?? ''
  const S3 = {
    Bucket,
    Prefix,
    AWSAccessKeyId: asked.AWSAccessKeyId ?? as.accessKeyId,
    UploadPolicy,
    UploadPolicySignature: asked.signature ?? signPolicyV2(UploadPolicy, { secretAccessKey }),
  }
  const named = Object.entries(S3).map(([name, value]) => [`Storage.S3.${name}`, value])
  return { InstanceId, ...Object.fromEntries(named) }
}

/** Asks for a bundle; resolves with the task as it was answered. */
export async function bundle(it: TestCloud, id: string, asked: Asked = {}): Promise<Xml> {
  const answer = await it.call('BundleInstance', bundleParameters(it, id, asked), asked.as)
  return typeof answer === 'string' || Array.isArray(answer) ? '' : (answer['bundleInstanceTask'] ?? '')
}

/** `id instance state progress` of the tasks that DescribeBundleTasks shows. */
export async function tasks(it: TestCloud, parameters: Record<string, string> = {}, as?: Caller): Promise<string[]> {
  const shown = items(await it.call('DescribeBundleTasks', parameters, as), 'bundleInstanceTasksSet')
  return shown.map((task) =>
    ['bundleId', 'instanceId', 'state', 'progress'].map((name) => theText(task, name)).join(' '),
  )
}

/** The states of the tasks of an instance. */
export const states = async (it: TestCloud): Promise<string[]> =>
  (await tasks(it)).map((task) => task.split(' ')[2] ?? '')

/** Resolves when a guest has been told to shut down for its bundle. */
export const untilShutDown = (it: TestCloud): Promise<void> =>
  vi.waitFor(() => {
    if (!it.cloud.bundleTasks.list().some(({ state }) => state === 'waiting-for-shutdown')) throw new Error('not yet')
  })

/** The keys in a bucket; undefined when there is no such bucket. */
export async function keys({ cloud }: TestCloud, bucket = 'backups'): Promise<string[] | undefined> {
  if (!(await cloud.objects.findBucket(bucket))) return undefined
  const { entries } = await cloud.objects.listObjects(bucket, { prefix: '', delimiter: '', after: '', limit: 1000 })
  return entries.flatMap((entry) => ('row' in entry ? [entry.row.key] : []))
}

/** Unbundles as a client does that has the cloud's key, and checks all digests; resolves with the bytes of the disk. */
export async function unbundled(it: TestCloud, location: string): Promise<Buffer> {
  const { manifest, bucket } = await it.cloud.imaging.readManifest(location)
  const cloudKey = await readFile(it.cloud.files.cloudKey, 'utf8')
  // What is meant for the user is for the cloud as well: its certificate stands for both.
  const { userKey = '', userIv = '' } = manifest.encrypted
  const secret = { key: unwrap(userKey, cloudKey), iv: unwrap(userIv, cloudKey) }
  const open = async ({ filename }: { filename: string }) => (await it.cloud.objects.read(bucket, filename)).body
  const pieces: Uint8Array[] = []
  await unbundle(manifest, { secret, open }, async (image) => {
    for await (const piece of image) pieces.push(Uint8Array.from(piece))
  })
  return Buffer.concat(pieces)
}

/** Registers a bundle as a whole disk and runs it; resolves with the bytes that its instance starts from. */
export async function runBundle(it: TestCloud, location: string): Promise<Buffer> {
  const registered = await it.call('RegisterImage', {
    Name: `bundled-${it.cloud.ids.uuid()}`,
    ImageLocation: location,
    VirtualizationType: 'hvm',
  })
  const id = await it.run({ ImageId: theText(registered, 'imageId') })
  await it.idle()
  const root = it.cloud.instances.get(id)?.templates?.root ?? ''
  return readFile(join(it.cloud.files.images, root))
}
