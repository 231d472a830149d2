import { Readable } from 'node:stream'
import { presignedUrl } from '../../../src/client/s3.ts'
import type { AccessKey } from '../../../src/client/session-token.ts'
import type { Xml } from '../../../src/client/xml.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import { deep, type TestCloud, theText } from '../../cloud.harness.ts'

/** What an upload needs of a cloud. */
type Uploading = Pick<TestCloud, 'cloud' | 'administrator'>

/** Puts an object as an account does; makes its bucket when it is missing. */
export async function put(it: Uploading, bucket: string, key: string, body: Buffer, as?: Caller): Promise<void> {
  const { accountId } = as ?? it.administrator
  const owner = { accountId, canonicalId: it.cloud.accounts.byId(accountId)?.canonicalId ?? '' }
  const grants = [
    { grantee: { kind: 'account' as const, canonicalId: owner.canonicalId }, permission: 'FULL_CONTROL' as const },
  ]
  const acl = { owner, grants }
  const { objects } = it.cloud
  if (!(await objects.findBucket(bucket))) await objects.createBucket({ name: bucket, acl, location: '' })
  await objects.putObject({ bucket, key, acl, headers: {}, metadata: {}, body: Readable.from([body]) })
}

/** The keys of a bucket. */
export async function keysOf({ cloud }: TestCloud, bucket: string): Promise<string[]> {
  const { entries } = await cloud.objects.listObjects(bucket, { prefix: '', delimiter: '', after: '', limit: 1000 })
  return entries.flatMap((entry) => ('row' in entry ? [entry.row.key] : []))
}

/** How a client signs the URLs of an upload. */
interface Signing {
  /** Whose key it is; the administrator's if left out. */
  readonly as?: Caller | undefined
  /** The key of a session instead. */
  readonly session?: AccessKey
  readonly signed?: 'v2' | 'v4'
  /** By what name the client knows the emulator. */
  readonly host?: string
}

/**
 * A URL that a client has signed in its query, good for 30 days: version 2 as euca2ools does it, the path without that of
 * the service, or version 4, good for a week.
 */
export function presigned(
  it: Uploading,
  method: string,
  bucket: string,
  key: string,
  { as, session, signed = 'v2', host = '127.0.0.1' }: Signing = {},
): string {
  const { accessKeyId } = as ?? it.administrator
  const signer = session ?? { accessKeyId, secretAccessKey: it.cloud.accounts.key(accessKeyId)?.secret ?? '' }
  const path = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
  const { region } = it.cloud.settings
  const target = { ...signer, region, endpoint: `http://${host}:8773/services/objectstorage` }
  const request = { method, path, time: it.cloud.clock.now() }
  return signed === 'v2'
    ? presignedUrl(target, { ...request, sign: 'v2-query', bare: true, expires: 30 * 86_400 })
    : presignedUrl(target, { ...request, sign: 'v4-query', expires: 604_800 })
}

/** A disk file on its way: where it lies, and how it is cut. */
export interface TestImport {
  readonly bytes: Buffer
  readonly format?: string
  readonly partBytes?: number
  /** Whose the objects are. */
  readonly as?: Caller
  /** Whose key the URLs are signed with; by default the owner's. */
  readonly signer?: Caller
  readonly session?: AccessKey
  readonly signed?: 'v2' | 'v4'
  readonly host?: string
  /** Bytes of the disk in the file; by default those of the file. */
  readonly imageBytes?: number
}

/** A file that can be imported, uploaded as far as a test wants it. */
export interface Upload {
  readonly url: string
  readonly parts: number
  /** Puts the manifest, as it is or changed. */
  manifest(edit?: (text: string) => string): Promise<void>
  /** Puts part `index`, its own bytes or others. */
  part(index: number, bytes?: Buffer): Promise<void>
  all(): Promise<void>
  /** The same upload, to the next cloud on the same data. */
  on(next: Uploading): Upload
}

/** Prepares the upload of a file as euca-import-volume does it: the path of the file is a part of the keys. */
export function uploadOf(
  it: Uploading,
  asked: TestImport,
  folder: string = `walk/${it.cloud.ids.uuid()}//root`,
): Upload {
  const { bytes, format = 'RAW', partBytes = 300_000, as, signer = as, imageBytes, ...signing } = asked
  const bucket = 'imports'
  const key = `${folder}/disk.img.manifest.xml`
  const parts = Math.ceil(bytes.length / partBytes)
  const partKey = (index: number) => `${folder}/disk.img.part.${index}`
  const url = (method: string, of: string) =>
    presigned(it, method, bucket, of, { as: signer, ...signing }).replaceAll('&', '&amp;')
  const element = (index: number) => {
    const end = Math.min((index + 1) * partBytes, bytes.length) - 1
    const urls = ['head', 'get', 'delete'].map(
      (verb) => `<${verb}-url>${url(verb.toUpperCase(), partKey(index))}</${verb}-url>`,
    )
    return `<part index="${index}"><byte-range end="${end}" start="${index * partBytes}"/><key>${partKey(index)}</key>${urls.join('')}</part>`
  }
  const text = () => `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
<manifest><version>2010-11-15</version><file-format>${format}</file-format>
<importer><name>euca2ools</name><version>3.4.1</version><release>0</release></importer>
<self-destruct-url>${url('DELETE', key)}</self-destruct-url>
<import><size>${imageBytes ?? bytes.length}</size><volume-size>1</volume-size>
<parts count="${parts}">${Array.from({ length: parts }, (_, index) => element(index)).join('\n')}</parts></import></manifest>`
  const upload: Upload = {
    url: presigned(it, 'GET', bucket, key, { as: signer, ...signing }),
    parts,
    manifest: (edit = (one) => one) => put(it, bucket, key, Buffer.from(edit(text())), as),
    part: (index, own = bytes.subarray(index * partBytes, (index + 1) * partBytes)) =>
      put(it, bucket, partKey(index), own, as),
    async all() {
      await upload.manifest()
      for (let index = 0; index < parts; index += 1) await upload.part(index)
    },
    on: (next) => uploadOf(next, asked, folder),
  }
  return upload
}

/** The parameters of an ImportVolume of 1 GiB. */
export const volumeRequest = (
  url: string,
  bytes: number,
  more: Record<string, string> = {},
): Record<string, string> => ({
  AvailabilityZone: 'one',
  'Image.Format': 'RAW',
  'Image.Bytes': String(bytes),
  'Image.ImportManifestUrl': url,
  'Volume.Size': '1',
  ...more,
})

/** The parameters of an ImportInstance of one disk of 1 GiB. */
export const instanceRequest = (
  url: string,
  bytes: number,
  more: Record<string, string> = {},
): Record<string, string> => ({
  Platform: 'Linux',
  'LaunchSpecification.Architecture': 'x86_64',
  'LaunchSpecification.InstanceType': 'm1.small',
  'LaunchSpecification.Placement.AvailabilityZone': 'one',
  'DiskImage.1.Image.Format': 'RAW',
  'DiskImage.1.Image.Bytes': String(bytes),
  'DiskImage.1.Image.ImportManifestUrl': url,
  'DiskImage.1.Volume.Size': '1',
  ...more,
})

/** Makes a task of ImportVolume; resolves with its id. */
export async function importVolume(it: TestCloud, request: Record<string, string>, as?: Caller): Promise<string> {
  return theText(await it.call('ImportVolume', request, as), 'conversionTask', 'conversionTaskId')
}

/** Makes a task of ImportInstance; resolves with its id. */
export async function importInstance(it: TestCloud, request: Record<string, string>, as?: Caller): Promise<string> {
  return theText(await it.call('ImportInstance', request, as), 'conversionTask', 'conversionTaskId')
}

/** A task as DescribeConversionTasks tells it. */
export async function described(it: TestCloud, id: string): Promise<Xml> {
  const task = deep(await it.call('DescribeConversionTasks', { 'ConversionTaskId.1': id }), 'conversionTasks', '0')
  if (task === undefined) throw new Error(`there is no task ${id}`)
  return task
}

/** State and message of a task: `active Pending conversion`. */
export async function told(it: TestCloud, id: string): Promise<string> {
  const task = await described(it, id)
  return `${theText(task, 'state')} ${theText(task, 'statusMessage')}`
}

/** How long a test waits for work on files, in ms. */
const patience = 20_000

/** Lets the time of the cloud go on, slower than any work, until `isSo`. Throws when that does not come. */
export async function until(it: TestCloud, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patience
  for (let turn = 0; !(await isSo()); turn += 1) {
    if (performance.now() > end) throw new Error('what a test waits for never came')
    if (turn % 50 === 0) await it.clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Waits until a conversion task is in a state of its life. */
export const reaches = (it: TestCloud, id: string, state: string): Promise<void> =>
  until(it, () => it.cloud.conversionTasks.get(id)?.state === state)

/** Waits until a conversion task has come to its end. */
export const isOver = (it: TestCloud, id: string): Promise<void> =>
  until(it, () => ['completed', 'cancelled', 'failed'].includes(it.cloud.conversionTasks.get(id)?.state ?? ''))

/** The parameters of an ImportSnapshot of a raw file. */
export const snapshotFrom = (bucket: string, key: string): Record<string, string> => ({
  'DiskContainer.Format': 'RAW',
  'DiskContainer.UserBucket.S3Bucket': bucket,
  'DiskContainer.UserBucket.S3Key': key,
})

/** The parameters of an ImportImage of one raw file. */
export const imageFrom = (bucket: string, key: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(snapshotFrom(bucket, key)).map(([name, value]) => [
      name.replace('DiskContainer.', 'DiskContainer.1.'),
      value,
    ]),
  )

/** Waits until an import task of AWS has come to its end. */
export const importIsOver = (it: TestCloud, id: string): Promise<void> =>
  until(it, () => ['completed', 'deleted'].includes(it.cloud.importTasks.get(id)?.state ?? ''))

/** Waits until an export task of AWS has come to its end. */
export const exportIsOver = (it: TestCloud, id: string): Promise<void> =>
  until(it, () => ['completed', 'cancelled'].includes(it.cloud.exportTasks.get(id)?.state ?? ''))
