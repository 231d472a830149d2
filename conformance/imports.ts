import assert from 'node:assert/strict'
import type { Parameters } from '../src/client/ec2.ts'
import { presignedUrl } from '../src/client/s3.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import { makeBucket } from './buckets.ts'
import type { Tools } from './tools.ts'
import { removeVolume } from './volumes.ts'

/** A disk file to import. */
export interface DiskFile {
  readonly format: 'RAW' | 'VMDK'
  readonly bytes: Buffer
  /** Bytes of the disk in it. */
  readonly diskBytes: number
}

/** A file on its way into a bucket of its own, cut as euca-import-volume cuts it. */
export interface ImportUpload {
  readonly bucket: string
  /** Presigned, for the request that imports it. */
  readonly manifestUrl: string
  readonly manifestKey: string
  /** The keys of the parts, in order. */
  readonly parts: readonly string[]
  putManifest(): Promise<void>
  putPart(index: number): Promise<void>
  /** The manifest and all parts. */
  putAll(): Promise<void>
}

/** What is left out is as euca-import-volume has it. */
interface UploadOptions {
  /** Bytes of a part. */
  readonly partBytes?: number
  /** When the URLs were signed, and for how many seconds they are good. */
  readonly time?: Date
  readonly expires?: number
}

const week = 7 * 86_400

/** URLs as the clients of the target sign them: euca2ools by version 2 and without the service's path, AWS' by version 4. */
function signUrl(tools: Tools, method: string, path: string, { time = new Date(), expires = week }: UploadOptions) {
  const how = tools.of({ eucalyptus: { sign: 'v2-query', bare: true }, aws: { sign: 'v4-query' } } as const)
  return presignedUrl(tools.administrator.s3Target, { method, path, time, expires, ...how })
}

/** Prepares the upload of a disk file with its import manifest; nothing is sent yet but the bucket made. */
export async function prepareImport(tools: Tools, file: DiskFile, options: UploadOptions = {}): Promise<ImportUpload> {
  const { minio } = tools.administrator
  const { partBytes = 10 * 2 ** 20 } = options
  const bucket = await makeBucket(tools)
  const manifestKey = 'import/disk.img.manifest.xml'
  const count = Math.ceil(file.bytes.length / partBytes)
  const parts = Array.from({ length: count }, (_, index) => `import/disk.img.part.${index}`)
  const url = (method: string, key: string) => signUrl(tools, method, `/${bucket}/${key}`, options)
  const escaped = (method: string, key: string) => url(method, key).replaceAll('&', '&amp;')
  const slices = parts.map((key, index) => {
    const end = Math.min((index + 1) * partBytes, file.bytes.length) - 1
    const urls = ['head', 'get', 'delete'].map(
      (verb) => `<${verb}-url>${escaped(verb.toUpperCase(), key)}</${verb}-url>`,
    )
    return `<part index="${index}"><byte-range end="${end}" start="${index * partBytes}"/><key>${key}</key>${urls.join('')}</part>`
  })
  const manifest = `<?xml version="1.0" encoding="UTF-8"?>
<manifest><version>2010-11-15</version><file-format>${file.format}</file-format>
<importer><name>conformance</name><version>1</version><release>1</release></importer>
<self-destruct-url>${escaped('DELETE', manifestKey)}</self-destruct-url>
<import><size>${file.diskBytes}</size><volume-size>1</volume-size><parts count="${count}">${slices.join('\n')}</parts></import>
</manifest>`
  const put = async (key: string, bytes: Buffer) => void (await minio.putObject(bucket, key, bytes))
  const upload: ImportUpload = {
    bucket,
    manifestUrl: url('GET', manifestKey),
    manifestKey,
    parts,
    putManifest: () => put(manifestKey, Buffer.from(manifest)),
    putPart: (index) =>
      put(
        parts[index] ?? '',
        file.bytes.subarray(index * partBytes, Math.min((index + 1) * partBytes, file.bytes.length)),
      ),
    async putAll() {
      await upload.putManifest()
      for (const index of parts.keys()) await upload.putPart(index)
    },
  }
  return upload
}

/** The parameters of a disk of 1 GiB that both kinds of import have. */
export const importedDisk = ({ format, diskBytes }: DiskFile, { manifestUrl }: ImportUpload) => ({
  Image: { Format: format, Bytes: diskBytes, ImportManifestUrl: manifestUrl },
  Volume: { Size: 1 },
})

/** A conversion task as DescribeConversionTasks shows it. */
export async function findConversion({ administrator }: Tools, id: string): Promise<Xml | undefined> {
  return list(await administrator.ec2.call('DescribeConversionTasks', { ConversionTaskId: [id] }), 'conversionTasks')[0]
}

/**
 * Asks for an import and gives the id of its task. After the case the task is cancelled if it is not over by then, and a
 * volume that it has made is deleted.
 */
export async function startImport(
  tools: Tools,
  action: 'ImportVolume' | 'ImportInstance',
  parameters: Parameters,
): Promise<string> {
  const { ec2 } = tools.administrator
  const id = text(await ec2.call(action, parameters), 'conversionTask', 'conversionTaskId')
  if (!id) throw new Error(`${action} answered without the id of a task`)
  tools.later(`task ${id}`, async () => {
    const task = await findConversion(tools, id)
    const state = text(task, 'state')
    if (state === 'active') await ec2.call('CancelConversionTask', { ConversionTaskId: id })
    const volume = text(task, 'importVolume', 'volume', 'id')
    if (state === 'completed' && volume) await removeVolume(tools, volume)
  })
  return id
}

/** Asks for the import of a file into a volume. */
export const importVolume = (tools: Tools, file: DiskFile, upload: ImportUpload): Promise<string> =>
  startImport(tools, 'ImportVolume', { AvailabilityZone: tools.target.zone, ...importedDisk(file, upload) })

/** Waits for a completed task and gives it. Throws at once, with what it says, when it was cancelled instead. */
export async function untilImported(tools: Tools, id: string): Promise<Xml> {
  const isCompleted = (task: Xml | undefined) => {
    const state = text(task, 'state')
    assert.ok(state === 'active' || state === 'completed', `${id} is ${state}: ${text(task, 'statusMessage')}`)
    return state === 'completed'
  }
  const task = await tools.until(`the end of ${id}`, () => findConversion(tools, id), isCompleted, 300)
  assert.ok(task !== undefined)
  return task
}
