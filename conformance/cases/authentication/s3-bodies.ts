import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, contentMd5, etagOf, expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { type Chunked, inChunks } from '../../version4.ts'

const authentication = area('authentication', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md section 1.2 (S3 auth); S3 API Reference, Transferring payload in multiple chunks',
})

const mismatch = refusal('SignatureDoesNotMatch', 403)
const chunks = ['a'.repeat(8192), 'b'.repeat(8192), 'the end']
const whole = chunks.join('')

/** The published check value of CRC32 is that of `123456789`. */
const crc32 = ['x-amz-checksum-crc32', Buffer.from('cbf43926', 'hex').toString('base64')] as const

/** Puts in chunks, by the administrator's account. */
const put = (tools: Tools, bucket: Bucket, body: Chunked, more: { sign?: 'none' } = {}) =>
  bucket.ask('PUT', 'object', { ...inChunks(tools.administrator.account, body), ...more })

/** Asserts that a PUT is refused as a client's error, and stores nothing. */
async function expectNothing(bucket: Bucket, asked: string, attempt: Promise<unknown>): Promise<void> {
  const status = await attempt.then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  )
  expectSame(`${asked} is refused`, status >= 400 && status < 500, true)
  const got = await bucket.ask('GET', 'object').catch((error: { code?: string }) => error.code)
  expectSame(`GET, after ${asked}`, got, 'NoSuchKey')
}

/** Changes one character of a frame's content, but not its length. */
const replaced = (frame = '', from: string | RegExp, to: string) => frame.replace(from, to)

export default [
  authentication(
    's3-signed-chunks',
    'a body in signed chunks is stored without its frames, and not as something that is encoded',
    ['PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const answer = await put(tools, bucket, { chunks, isSigned: true })
      expectHeaders('PUT', answer, { etag: etagOf(whole) })
      const got = await bucket.ask('GET', 'object')
      expectSame('the bytes', got.body.toString() === whole, true)
      assert.ok(!/aws-chunked/.test(got.headers['content-encoding'] ?? ''), 'the object is told to be aws-chunked')
      await put(tools, bucket, { chunks: [], isSigned: true })
      expectSame('GET, after a PUT of no chunks', await bucket.read('object'), '')
    },
    { smoke: true },
  ),
  authentication(
    's3-chunks-are-checked',
    'a chunk that is changed, missing, doubled, out of order or cut short has its object refused, and nothing is stored',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const spoilt: Record<string, NonNullable<Chunked['spoil']>> = {
        'a changed byte': ([first, ...others]) => [replaced(first, 'aaa', 'aba'), ...others],
        'another signature': ([first, ...others]) => [replaced(first, /=\w{8}/, '=00000000'), ...others],
        'no signature': ([first, ...others]) => [replaced(first, /;chunk-signature=\w+/, ''), ...others],
        'a chunk out of order': ([first = '', second = '', ...others]) => [second, first, ...others],
        'a chunk twice': ([first = '', , ...others]) => [first, first, ...others],
        'a chunk left out': ([, ...others]) => others,
        'no end': (frames) => frames.slice(0, -2),
        'another end': (frames) => [...frames.slice(0, -2), replaced(frames.at(-2), /=\w{8}/, '=00000000'), '\r\n'],
        'more behind the end': (frames) => [...frames, 'and more\r\n'],
      }
      for (const [asked, spoil] of Object.entries(spoilt)) {
        await expectNothing(bucket, asked, put(tools, bucket, { chunks, isSigned: true, spoil }))
      }
      await put(tools, bucket, { chunks, isSigned: true })
    },
    { seconds: 2, smoke: true },
  ),
  authentication(
    's3-unsigned-chunks-need-a-signature',
    'chunks without signatures of their own are stored only if the request itself is rightly signed',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const body: Chunked = { chunks: ['123456789'], isSigned: false, trailer: crc32 }
      const forged = inChunks({ ...tools.administrator.account, secretAccessKey: 'guessed' }, body)
      const wrong = bucket.ask('PUT', 'object', {
        ...forged,
        mutate: (request) => {
          const sent = forged.mutate?.(request) ?? request
          const headers = sent.headers.map(
            ([name, value]) => [name, value.replace(/Signature=\w{8}/, 'Signature=00000000')] as const,
          )
          return { ...sent, headers }
        },
      })
      await tools.refuses(wrong, mismatch)
      await expectNothing(bucket, 'no signature at all', put(tools, bucket, body, { sign: 'none' }))
      await put(tools, bucket, body)
      expectSame('GET object', await bucket.read('object'), '123456789')
    },
    {
      needs: ['s3', 'checksums'],
      source: 'S3 API Reference, Unsigned payload trailer; S3 User Guide, Checking object integrity',
    },
  ),
  authentication(
    's3-trailers-are-checked',
    'a checksum that follows the body must be that of the body, be there, and be signed where the chunks are',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const isSigned of [true, false]) {
        const body = { chunks: ['123456789'], isSigned, trailer: crc32 }
        const other = [crc32[0], Buffer.alloc(4).toString('base64')] as const
        await tools.refuses(put(tools, bucket, { ...body, trailer: other }), refusal('BadDigest', 400))
        const spoilt: Record<string, NonNullable<Chunked['spoil']>> = {
          'another trailer': (frames) => [...frames.slice(0, -1), replaced(frames.at(-1), crc32[1], other[1])],
          'no trailer': (frames) => [...frames.slice(0, -1), '\r\n'],
          'a trailer that was not told': (frames) => [...frames.slice(0, -1), `x-amz-other:1\r\n${frames.at(-1)}`],
          'a byte that was changed': ([first, ...others]) => [replaced(first, '123', '124'), ...others],
        }
        for (const [asked, spoil] of Object.entries(spoilt)) {
          await expectNothing(bucket, `${asked} (signed: ${isSigned})`, put(tools, bucket, { ...body, spoil }))
        }
        await put(tools, bucket, body)
        expectSame('GET object', await bucket.read('object'), '123456789')
        await bucket.ask('DELETE', 'object')
      }
    },
    { needs: ['s3', 'checksums'], seconds: 2 },
  ),
  authentication(
    's3-hash-of-the-body',
    'version 4 wants the hash of the body, and a body with another hash is refused whatever its size',
    ['PutObject', 'DeleteObjects', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const other = createHash('sha256').update('other').digest('hex')
      const differs = refusal('XAmzContentSHA256Mismatch', 400)
      for (const size of [0, 10, 300_000]) {
        await tools.refuses(bucket.ask('PUT', 'object', { body: 'x'.repeat(size), payloadHash: other }), differs)
      }
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await bucket.put('object', 'content')
      const list = '<Delete><Object><Key>object</Key></Object></Delete>'
      const headers = { 'content-md5': contentMd5(list) }
      await tools.refuses(bucket.ask('POST', '?delete', { body: list, headers, payloadHash: other }), differs)
      const without = bucket.ask('GET', 'object', {
        mutate: (request) => ({
          ...request,
          headers: request.headers.filter(([name]) => name !== 'x-amz-content-sha256'),
        }),
      })
      await tools.refuses(without, { eucalyptus: refusal('AccessDenied', 403), aws: refusal('InvalidRequest', 400) })
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    {
      source:
        'eucalyptus-behaviour.md section 1.6; S3 API Reference, Authenticating requests: using the Authorization header',
    },
  ),
  authentication(
    's3-says-what-was-signed',
    'who signs wrongly is told what the cloud has signed, and never the secret',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { accessKeyId, secretAccessKey } = tools.administrator.account
      const wrong = tools.clients({ ...tools.administrator.account, secretAccessKey: 'wrong' })
      const { document } = await tools.refuses(bucket.as(wrong).ask('GET', 'object'), mismatch)
      const told = document ?? ''
      expectSame('AWSAccessKeyId', text(told, 'AWSAccessKeyId'), accessKeyId)
      assert.match(text(told, 'StringToSign') ?? '', /^AWS4-HMAC-SHA256\n\d{8}T\d{6}Z\n/)
      assert.match(text(told, 'CanonicalRequest') ?? '', /^GET\n[^\n]*\/object\n/)
      assert.ok(!JSON.stringify(told).includes(secretAccessKey), 'the secret is told')
    },
    { level: 'SHOULD', source: 'eucalyptus-behaviour.md section 1.3 (S3 error body)' },
  ),
]
