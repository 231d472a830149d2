import assert from 'node:assert/strict'
import { type S3Request, s3Request } from '../../../src/client/s3.ts'
import { makeBucket } from '../../buckets.ts'
import { defineCase } from '../../case.ts'
import { answered } from '../../clients.ts'
import { type Refusal, refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const forms = ['v4', 'v4-query', 'v2', 'v2-query'] as const
type Form = (typeof forms)[number]
const inQuery = (form: Form) => form.endsWith('query')
const source = 'eucalyptus-behaviour.md section 1.6 and 10.4; S3 API Reference, List of error codes'
const [hour, body] = [3_600_000, 'the bytes of the object']

/** A case that puts an object and then asks for it wrongly, in each form of signature. */
function refused(
  words: string,
  title: string,
  wrong: (form: Form) => Partial<S3Request>,
  expected: (form: Form) => Refusal,
) {
  return defineCase({
    id: `authentication/s3-${words}`,
    title,
    level: 'MUST',
    covers: ['GetObject'],
    needs: ['s3', 'signature-2'],
    source,
    seconds: 1,
    async run(tools) {
      const path = await storedObject(tools)
      for (const sign of forms) {
        await tools.refuses(tools.administrator.s3({ method: 'GET', path, ...wrong(sign), sign }), expected(sign))
      }
    },
  })
}

/** Puts a private object and gives its path. */
async function storedObject(tools: Tools): Promise<string> {
  const path = `/${await makeBucket(tools)}/object`
  await tools.administrator.s3({ method: 'PUT', path, body })
  return path
}

export default [
  defineCase({
    id: 'authentication/s3-signatures-are-taken',
    title: 'Object Storage takes signatures of version 4 and 2, in headers and in a query, and unsigned payloads',
    level: 'MUST',
    covers: ['PutObject', 'GetObject'],
    needs: ['s3', 'signature-2'],
    source: 'eucalyptus-behaviour.md section 1.2 (S3 auth); clients.md quirk 6',
    seconds: 1,
    async run(tools) {
      const path = await storedObject(tools)
      const ways: Partial<S3Request>[] = [
        ...forms.map((sign) => ({ sign })),
        // euca2ools leaves the service's path out of what it signs.
        { sign: 'v2', bare: true },
        { sign: 'v4', payloadHash: 'UNSIGNED-PAYLOAD' },
      ]
      for (const way of ways) {
        await tools.administrator.s3({ method: 'PUT', path, body: `${body} ${way.sign}`, ...way })
        const { body: got } = await tools.administrator.s3({ method: 'GET', path, ...way })
        assert.equal(got.toString(), `${body} ${way.sign}`)
      }
    },
  }),
  refused(
    'tampered-path',
    'a signature for one object does not open another',
    () => ({ mutate: (request) => ({ ...request, rawPath: `${request.rawPath}2` }) }),
    () => refusal('SignatureDoesNotMatch', 403),
  ),
  refused(
    'expired-date',
    'a request that was signed an hour ago, or presigned for a time that is over, is refused',
    () => ({ time: new Date(Date.now() - hour) }),
    (form) => (inQuery(form) ? refusal('AccessDenied', 403, /[Ee]xpired/) : refusal('RequestTimeTooSkewed', 403)),
  ),
  defineCase({
    id: 'authentication/s3-wrong-secret',
    title: 'signatures made with another secret and keys that nobody has are refused',
    level: 'MUST',
    covers: ['GetObject'],
    needs: ['s3', 'signature-2'],
    source,
    seconds: 1,
    async run(tools) {
      const path = await storedObject(tools)
      const { s3Target } = tools.administrator
      const wrong = { ...s3Target, secretAccessKey: 'wrong' }
      const nobody = { ...s3Target, accessKeyId: 'AKIANOBODYHASTHISKEY' }
      for (const sign of forms) {
        const ask = { method: 'GET', path, sign }
        await tools.refuses(answered(s3Request(wrong, ask)), refusal('SignatureDoesNotMatch', 403))
        await tools.refuses(answered(s3Request(nobody, ask)), refusal('InvalidAccessKeyId', 403))
      }
    },
  }),
  defineCase({
    id: 'authentication/s3-tampered-body',
    title: 'a body that was changed on its way is refused, and what was stored before is still there',
    level: 'MUST',
    covers: ['PutObject'],
    needs: ['s3'],
    source,
    seconds: 1,
    async run(tools) {
      const path = await storedObject(tools)
      const { s3 } = tools.administrator
      const swapped = body.replace('bytes', 'BYTES')
      const md5 = Buffer.alloc(16).toString('base64')
      const put = (more: Partial<S3Request>) => s3({ method: 'PUT', path, body, ...more })
      const tampered = put({ mutate: (request) => ({ ...request, body: swapped }) })
      await tools.refuses(tampered, refusal('XAmzContentSHA256Mismatch', 400))
      await tools.refuses(put({ headers: { 'content-md5': md5 } }), refusal('BadDigest', 400))
      await tools.refuses(put({ headers: { 'content-md5': 'no digest' } }), refusal('InvalidDigest', 400))
      assert.equal((await s3({ method: 'GET', path })).body.toString(), body)
    },
  }),
  defineCase({
    id: 'authentication/s3-private-object-of-another-account',
    title: 'a private object is refused to another account and to nobody in particular',
    level: 'MUST',
    covers: ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects'],
    needs: ['s3', 'two-accounts'],
    source,
    seconds: 1,
    async run(tools) {
      const path = await storedObject(tools)
      const bucket = path.slice(0, path.lastIndexOf('/'))
      for (const ask of [
        { method: 'GET', path },
        { method: 'PUT', path, body: 'mine' },
        { method: 'DELETE', path },
        { method: 'GET', path: bucket },
        { method: 'GET', path, query: 'acl' },
      ]) {
        await tools.refuses(tools.user.s3(ask), refusal('AccessDenied', 403))
        await tools.refuses(tools.user.s3({ ...ask, sign: 'none' }), refusal('AccessDenied', 403))
      }
      assert.equal((await tools.administrator.s3({ method: 'GET', path })).body.toString(), body)
    },
  }),
]
