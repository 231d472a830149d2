import { createHash, randomBytes } from 'node:crypto'
import { field, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, contentOf, etagOf, expectHeaders, expectSame, openBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, leastPart, putPart } from '../../upload.ts'

const checksums = area('checksums', {
  needs: ['s3', 'checksums'],
  source: 'S3 User Guide, Checking object integrity; S3 API Reference, PutObject and GetObjectAttributes',
})

const hash = (algorithm: string, bytes: string | Buffer) => createHash(algorithm).update(bytes).digest('base64')

/** The text by which the catalogue of CRC algorithms gives each one's check value. */
const body = '123456789'
const inBase64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')

const sums: Readonly<Record<string, string>> = {
  crc32: inBase64('cbf43926'),
  crc32c: inBase64('e3069283'),
  crc64nvme: inBase64('ae8b14860a799888'),
  sha1: hash('sha1', body),
  sha256: hash('sha256', body),
}

const enabled = { 'x-amz-checksum-mode': 'ENABLED' }

const attributesOf = async (bucket: Bucket, key: string, ...names: readonly string[]) =>
  contentOf(await bucket.ask('GET', `${key}?attributes`, { headers: { 'x-amz-object-attributes': names.join(',') } }))

export default [
  checksums(
    'kept-and-shown',
    'a checksum that comes with an object by any of the five algorithms is kept, and shown to who asks for it',
    ['PutObject', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const [algorithm, sum] of Object.entries(sums)) {
        const name = `x-amz-checksum-${algorithm}`
        const headers = await bucket.put(algorithm, body, { [name]: sum })
        expectHeaders(`PUT with ${name}`, { headers }, { [name]: sum })
        expectSame(`GET ${algorithm}`, await bucket.read(algorithm), body)
        for (const method of ['GET', 'HEAD']) {
          const shown = await bucket.ask(method, algorithm, { headers: enabled })
          expectHeaders(`${method} ${algorithm}`, shown, { [name]: sum, 'x-amz-checksum-type': 'FULL_OBJECT' })
        }
      }
    },
    { smoke: true },
  ),
  checksums(
    'wrong-ones-are-refused',
    'an object whose checksum is that of other bytes, or no checksum at all, is refused and not kept',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const [algorithm, sum] of Object.entries(sums)) {
        const put = (value: string, content: string) =>
          bucket.put('object', content, { [`x-amz-checksum-${algorithm}`]: value })
        await tools.refuses(put(sum, '12345678 '), refusal('BadDigest', 400))
        await tools.refuses(put('bm9uZQ', body), refusal('InvalidRequest', 400))
      }
      const two = { 'x-amz-checksum-crc32': sums['crc32'] ?? '', 'x-amz-checksum-sha1': sums['sha1'] ?? '' }
      await tools.refuses(bucket.put('object', body, two), refusal('InvalidRequest', 400))
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
    },
  ),
  checksums(
    'of-copies',
    'a copy has the checksum of its source, or one by the algorithm that the request asks for',
    ['CopyObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', body, { 'x-amz-checksum-sha256': sums['sha256'] ?? '' })
      const copy = async (key: string, headers: Record<string, string>) => {
        const source = { 'x-amz-copy-source': `${bucket.name}/source` }
        await bucket.ask('PUT', key, { headers: { ...source, ...headers } })
        return bucket.ask('HEAD', key, { headers: enabled })
      }
      expectHeaders('HEAD same', await copy('same', {}), { 'x-amz-checksum-sha256': sums['sha256'] })
      for (const algorithm of ['crc32', 'crc32c', 'sha1']) {
        const head = await copy(algorithm, { 'x-amz-checksum-algorithm': algorithm.toUpperCase() })
        expectHeaders(`HEAD ${algorithm}`, head, { [`x-amz-checksum-${algorithm}`]: sums[algorithm] })
      }
    },
  ),
  checksums(
    'of-uploads-in-parts',
    'an upload by parts with checksums has one of the parts’ checksums and their number',
    ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const parts = [randomBytes(leastPart), Buffer.from(body)]
      const id = await beginUpload(bucket, 'object', { 'x-amz-checksum-algorithm': 'SHA256' })
      const listed = await Promise.all(
        parts.map(async (part, index) => {
          const sum = hash('sha256', part)
          const etag = await putPart(bucket, 'object', id, index + 1, part, { 'x-amz-checksum-sha256': sum })
          return [index + 1, etag, `<ChecksumSHA256>${sum}</ChecksumSHA256>`] as const
        }),
      )
      const wrong = putPart(bucket, 'object', id, 1, 'other', { 'x-amz-checksum-sha256': hash('sha256', body) })
      await tools.refuses(wrong, refusal('BadDigest', 400))
      await completeUpload(bucket, 'object', id, listed)
      const digests = Buffer.concat(parts.map((part) => createHash('sha256').update(part).digest()))
      expectHeaders('HEAD object', await bucket.ask('HEAD', 'object', { headers: enabled }), {
        'x-amz-checksum-sha256': `${hash('sha256', digests)}-2`,
        'x-amz-checksum-type': 'COMPOSITE',
      })
    },
    { needs: ['s3', 'checksums', 'multipart'], seconds: 3 },
  ),
  checksums(
    'attributes-of-an-object',
    'size, ETag, checksum and storage class of an object can be asked for, each by its name; no other attribute',
    ['GetObjectAttributes'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', body, { 'x-amz-checksum-sha1': sums['sha1'] ?? '' })
      const all = await attributesOf(bucket, 'object', 'ETag', 'Checksum', 'ObjectSize', 'StorageClass')
      const came = ['ETag', 'ObjectSize', 'StorageClass'].map((name) => text(all, name))
      expectSame('the attributes', came, [etagOf(body).replaceAll('"', ''), '9', 'STANDARD'])
      expectSame('the checksum', text(all, 'Checksum', 'ChecksumSHA1'), sums['sha1'])
      const one = await attributesOf(bucket, 'object', 'ObjectSize')
      expectSame('only the size', [text(one, 'ObjectSize'), text(one, 'ETag')], ['9', undefined])
      await tools.refuses(attributesOf(bucket, 'object', 'Colour'), refusal('InvalidArgument', 400))
      await tools.refuses(attributesOf(bucket, 'absent', 'ETag'), refusal('NoSuchKey', 404))
    },
  ),
  checksums(
    'parts-of-an-object',
    'the parts that an object was uploaded in are told with their sizes, and each can be read by its number',
    ['GetObjectAttributes', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const parts = [randomBytes(leastPart), Buffer.from('the last part')]
      const id = await beginUpload(bucket, 'object', { 'x-amz-checksum-algorithm': 'CRC64NVME' })
      const listed: [number, string][] = []
      for (const [index, part] of parts.entries()) {
        listed.push([index + 1, await putPart(bucket, 'object', id, index + 1, part)])
      }
      await completeUpload(bucket, 'object', id, listed)
      const told = field(await attributesOf(bucket, 'object', 'ObjectParts'), 'ObjectParts') ?? ''
      expectSame('how many parts', text(told, 'PartsCount') ?? text(told, 'TotalPartsCount'), '2')
      expectSame('their sizes', texts(told, 'Part', 'Size'), [String(leastPart), '13'])
      const second = await bucket.ask('GET', 'object?partNumber=2')
      expectSame('GET of part 2', [second.status, second.body.toString()], [206, 'the last part'])
      expectHeaders('GET of part 2', second, {
        'x-amz-mp-parts-count': '2',
        'content-range': `bytes ${leastPart}-${leastPart + 12}/${leastPart + 13}`,
      })
      expectHeaders('HEAD of part 2', await bucket.ask('HEAD', 'object?partNumber=2'), { 'content-length': '13' })
      await tools.refuses(bucket.ask('GET', 'object?partNumber=3'), refusal('InvalidPartNumber', 416))
    },
    { needs: ['s3', 'checksums', 'multipart'], seconds: 3 },
  ),
]
