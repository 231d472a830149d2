import assert from 'node:assert/strict'
import { type S3Request, s3Request } from '../../../src/client/s3.ts'
import { makeBucket } from '../../buckets.ts'
import { defineCase } from '../../case.ts'
import { answered } from '../../clients.ts'
import { refusal } from '../../refusal.ts'
import { type Form, versions } from '../../signatures.ts'
import type { Tools } from '../../tools.ts'

const inQuery = (form: Form) => form.endsWith('query')
const source = 'eucalyptus-behaviour.md section 1.6 and 10.4; S3 API Reference, List of error codes'
const [hour, body] = [3_600_000, 'the bytes of the object']

/** The cases that put an object and then ask for it wrongly, in each form of signature of a version. */
function refused(
  words: string,
  title: string,
  ask: (tools: Tools, request: { method: string; path: string; sign: Form }) => Promise<void>,
) {
  return versions.map(({ forms, suffix, about, needs }) =>
    defineCase({
      id: `authentication/s3-${words}${suffix}`,
      title: `${title}${about}`,
      level: 'MUST',
      covers: ['GetObject'],
      needs: ['s3', ...needs],
      source,
      seconds: 1,
      async run(tools) {
        const path = await storedObject(tools)
        for (const sign of forms) await ask(tools, { method: 'GET', path, sign })
      },
    }),
  )
}

/** Puts a private object and gives its path. */
async function storedObject(tools: Tools): Promise<string> {
  const path = `/${await makeBucket(tools)}/object`
  await tools.administrator.s3({ method: 'PUT', path, body })
  return path
}

export default [
  ...versions.map(({ forms, suffix, about, needs }) =>
    defineCase({
      id: `authentication/s3-signatures-are-taken${suffix}`,
      title: `Object Storage takes requests with their signatures in headers and in a query${about}`,
      level: 'MUST',
      covers: ['PutObject', 'GetObject'],
      needs: ['s3', ...needs],
      source: 'eucalyptus-behaviour.md section 1.2 (S3 auth); clients.md quirk 6',
      seconds: 1,
      async run(tools) {
        const path = await storedObject(tools)
        const ways: Partial<S3Request>[] = [
          ...forms.map((sign) => ({ sign })),
          // euca2ools leaves the service's path out of what it signs.
          ...(suffix
            ? [{ sign: 'v2', bare: true } as const]
            : [{ sign: 'v4', payloadHash: 'UNSIGNED-PAYLOAD' } as const]),
        ]
        for (const [index, way] of ways.entries()) {
          await tools.administrator.s3({ method: 'PUT', path, body: `${body} ${index}`, ...way })
          const { body: got } = await tools.administrator.s3({ method: 'GET', path, ...way })
          assert.equal(got.toString(), `${body} ${index}`)
        }
      },
    }),
  ),
  ...refused('tampered-path', 'a signature for one object does not open another', async (tools, request) => {
    const { s3 } = tools.administrator
    const path = `${request.path}2`
    await s3({ method: 'PUT', path, body })
    const mutate: S3Request['mutate'] = (sent) => ({ ...sent, rawPath: `${sent.rawPath}2` })
    await tools.refuses(s3({ ...request, mutate }), refusal('SignatureDoesNotMatch', 403))
  }),
  ...refused(
    'expired-date',
    'a request from an hour ago, or presigned for a time that is over, is refused',
    async (tools, request) => {
      const expected = inQuery(request.sign)
        ? refusal('AccessDenied', 403, /[Ee]xpired/)
        : refusal('RequestTimeTooSkewed', 403)
      await tools.refuses(tools.administrator.s3({ ...request, time: new Date(Date.now() - hour) }), expected)
    },
  ),
  ...refused(
    'wrong-secret',
    'a request with another secret, or the key of nobody, is refused',
    async ({ administrator, refuses }, request) => {
      const wrong = { ...administrator.s3Target, secretAccessKey: 'wrong' }
      const nobody = { ...administrator.s3Target, accessKeyId: 'AKIANOBODYHASTHISKEY' }
      await refuses(answered(s3Request(wrong, request)), refusal('SignatureDoesNotMatch', 403))
      await refuses(answered(s3Request(nobody, request)), refusal('InvalidAccessKeyId', 403))
    },
  ),
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
