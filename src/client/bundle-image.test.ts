import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { unwrap, verify } from '../bundle/cipher.ts'
import { readManifest, signedText } from '../bundle/manifest.ts'
import { unbundle } from '../bundle/unbundler.ts'
import { bundleAndUpload, uploadParts } from './bundle-image.ts'
import { findParts, writeParts } from './bundle-parts.ts'
import { openUploader, type S3Access } from './upload.ts'

function keyPair(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
const [cloud, user] = [keyPair(), keyPair()]
const image = randomBytes(100_000)
const description = {
  accountId: '000011112222',
  kind: 'machine',
  architecture: 'x86_64',
  cloudCertificate: cloud.publicKey,
  userCertificate: user.publicKey,
  userPrivateKey: user.privateKey,
} as const

interface Stored {
  acl: string | undefined
  bytes: Buffer
}

/** As much of an object storage as an upload needs. `answer` may replace the ETag or make a PUT fail. */
async function objectStorage(answer: (key: string) => { status?: number; etag?: string } = () => ({})) {
  const buckets = new Set<string>()
  const objects = new Map<string, Stored>()
  const server = createServer(async (request, response) => {
    const [, bucket = '', key = ''] = new URL(request.url ?? '', 'http://x').pathname.split('/')
    const bytes = await buffer(request)
    if (request.method === 'GET') return response.writeHead(buckets.has(bucket) ? 200 : 404).end()
    if (key === '') {
      buckets.add(bucket)
      return response.end()
    }
    if (request.method === 'DELETE') {
      objects.delete(`${bucket}/${key}`)
      return response.writeHead(204).end()
    }
    const { status = 200, etag = createHash('md5').update(bytes).digest('hex') } = answer(key)
    if (status === 200) objects.set(`${bucket}/${key}`, { acl: request.headers['x-amz-acl']?.toString(), bytes })
    response.writeHead(status, { etag: `"${etag}"`, 'content-type': 'application/xml' })
    return response.end(status === 200 ? '' : '<Error><Code>AccessDenied</Code><Message>no</Message></Error>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const s3: S3Access = { endpoint: `http://127.0.0.1:${port}`, accessKeyId: 'key', secretAccessKey: 'secret' }
  return { s3, objects, buckets }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-image-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The image again, from what was uploaded. */
async function downloaded(objects: Map<string, Stored>, location: string, bucket: string): Promise<Buffer> {
  const text = objects.get(location)!.bytes.toString()
  const manifest = readManifest(text)
  expect(verify(signedText(text), manifest.signature!, user.publicKey)).toBe(true)
  const { cloudKey, cloudIv } = manifest.encrypted
  const secret = { key: unwrap(cloudKey, cloud.privateKey), iv: unwrap(cloudIv, cloud.privateKey) }
  const open = async ({ filename }: { filename: string }) =>
    Readable.from([objects.get(`${bucket}/${filename}`)!.bytes])
  const chunks: Uint8Array[] = []
  await unbundle(manifest, { secret, open }, async (stream) => {
    for await (const chunk of stream) chunks.push(chunk)
  })
  return Buffer.concat(chunks)
}

test.each(['a file', 'a stream'])(
  'bundles and uploads %s: parts, then the manifest, readable by the cloud',
  async (kind) => {
    const { s3, objects, buckets } = await objectStorage()
    const file = join(temporaryFolder(), 'image')
    writeFileSync(file, image)
    const progress: number[] = []
    const uploaded = await bundleAndUpload({
      ...description,
      image: kind === 'a file' ? file : { stream: Readable.from([image]), size: image.length },
      name: 'disk',
      partSize: 16_384,
      s3,
      bucket: 'images',
      onProgress: (done, total) => progress.push(done, total),
    })
    expect(uploaded).toMatchObject({ location: 'images/disk.manifest.xml', parts: 7 })
    expect(uploaded.bytes).toBe(
      [...objects].reduce((sum, [key, { bytes }]) => sum + (key.includes('.part.') ? bytes.length : 0), 0),
    )
    expect([...buckets]).toEqual(['images'])
    expect([...objects.keys()].at(-1)).toBe('images/disk.manifest.xml')
    expect(new Set([...objects.values()].map(({ acl }) => acl))).toEqual(new Set(['aws-exec-read']))
    expect(progress.slice(-2)).toEqual([image.length, image.length])
    expect(image.equals(await downloaded(objects, uploaded.location, 'images'))).toBe(true)
  },
)

test.each([
  ['a refused part', { status: 403 }, 'no'],
  ['a part stored wrongly', { etag: 'f'.repeat(32) }, 'but the bytes sent have the MD5'],
])('%s fails the upload, and no manifest goes up', async (_, answer, message) => {
  const { s3, objects } = await objectStorage((key) => (key === 'disk.part.02' ? answer : {}))
  const uploading = bundleAndUpload({
    ...description,
    image: { stream: Readable.from([image]), size: image.length },
    name: 'disk',
    partSize: 16_384,
    s3,
    bucket: 'images',
  })
  await expect(uploading).rejects.toThrow(message)
  expect([...objects.keys()].filter((key) => key.includes('manifest'))).toEqual([])
})

test('what an upload that failed has stored can be removed again, and nothing else is', async () => {
  const { s3, objects } = await objectStorage((key) => (key === 'disk.part.02' ? { etag: 'f'.repeat(32) } : {}))
  const target = { s3, bucket: 'images' }
  const other = await openUploader(target)
  await other.put('other', image)
  await other.finish()
  const uploader = await openUploader(target)
  const source = { stream: Readable.from([image]), size: image.length }
  const uploading = bundleAndUpload(
    { ...description, ...target, image: source, name: 'disk', partSize: 16_384 },
    uploader,
  )
  await expect(uploading).rejects.toThrow('disk.part.02 was stored with ETag')
  expect(objects.size).toBeGreaterThan(2)
  await uploader.remove()
  expect([...objects.keys()]).toEqual(['images/other'])
})

test('an abort ends the upload with its reason', async () => {
  const { s3, objects } = await objectStorage()
  const aborting = new AbortController()
  const uploading = bundleAndUpload({
    ...description,
    image: { stream: Readable.from([image.subarray(0, 50_000), image.subarray(50_000)]), size: image.length },
    name: 'disk',
    s3,
    bucket: 'images',
    onProgress: () => aborting.abort(new Error('never mind')),
    signal: aborting.signal,
  })
  await expect(uploading).rejects.toThrow('never mind')
  expect(objects.size).toBe(0)
})

test('prepared parts serve any cloud and name without reading the image again', async () => {
  const folder = join(temporaryFolder(), 'parts')
  expect(await findParts(folder)).toBeUndefined()
  const made = await writeParts({ stream: Readable.from([image]), size: image.length }, folder, {
    name: 'disk',
    partSize: 40_000,
  })
  expect(await findParts(folder)).toEqual(made)
  expect(readdirSync(folder)).toEqual(['disk.part.00', 'disk.part.01', 'disk.part.02', 'parts.json'])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)

  const { s3, objects } = await objectStorage()
  const uploaded = await uploadParts(folder, made, {
    ...description,
    name: 'renamed',
    s3,
    bucket: 'images',
    acl: 'public-read',
  })
  expect(uploaded).toEqual({ location: 'images/renamed.manifest.xml', parts: 3, bytes: made.bundledSize })
  expect(objects.get('images/renamed.part.00')!.acl).toBe('public-read')
  expect(image.equals(await downloaded(objects, uploaded.location, 'images'))).toBe(true)
})

test('an image that is shorter than said leaves no summary', async () => {
  const folder = join(temporaryFolder(), 'parts')
  const writing = writeParts({ stream: Readable.from([image]), size: image.length + 1 }, folder, { name: 'disk' })
  await expect(writing).rejects.toThrow(`the image was said to have ${image.length + 1} bytes`)
  expect(await findParts(folder)).toBeUndefined()
})
