import { presignedUrl, type S3Request } from '../../../src/client/s3.ts'
import { area, type Declare } from '../../area.ts'
import { type Bucket, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { versions } from '../../signatures.ts'
import type { Tools } from '../../tools.ts'

const presigned = area('presigned', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.2 and 10.4; S3 User Guide, Sharing objects with presigned URLs',
})

/** How a URL is presigned. */
type Sign = (typeof versions)[number]['forms'][1]

/** Declares a case of each version of signatures. */
const ofBoth = (
  words: string,
  title: string,
  covers: readonly string[],
  run: (tools: Tools, sign: Sign) => Promise<void>,
  own: Parameters<Declare>[4] = {},
) =>
  versions.map(({ forms: [, sign], suffix, about, needs }) =>
    presigned(`${words}${suffix}`, `${title}${about}`, covers, (tools) => run(tools, sign), {
      ...own,
      needs: [...(own.needs ?? (['s3'] as const)), ...needs],
    }),
  )

const [second, hour] = [1000, 3_600_000]
const denied = refusal('AccessDenied', 403)
const mismatch = refusal('SignatureDoesNotMatch', 403)

/** A change of what is sent after it was signed. */
const changed = (change: (request: { method: string; rawPath: string; rawQuery: string }) => object) => ({
  mutate: ((request) => ({ ...request, ...change(request) })) satisfies S3Request['mutate'],
})

/** Puts an object and gives its bucket. */
async function withObject(...given: Parameters<typeof openBucket>): Promise<Bucket> {
  const bucket = await openBucket(...given)
  await bucket.put('object', 'content')
  return bucket
}

export default [
  ...ofBoth(
    'works-without-keys',
    'who has a presigned URL can read, store and delete as it says, with no more than any HTTP client',
    ['GetObject', 'PutObject', 'DeleteObject', 'HeadObject'],
    async (tools, sign) => {
      const bucket = await openBucket(tools)
      const { s3Target } = tools.administrator
      const url = (method: string) =>
        presignedUrl(s3Target, { method, path: `/${bucket.name}/object`, sign, expires: 300 })
      const put = await tools.fetch(url('PUT'), { method: 'PUT', body: Buffer.from(`by ${sign}`) })
      expectSame(`PUT by ${sign}`, [put.status, await put.text()], [200, ''])
      expectSame(`GET by ${sign}`, await (await tools.fetch(url('GET'))).text(), `by ${sign}`)
      expectSame(`HEAD by ${sign}`, (await tools.fetch(url('HEAD'), { method: 'HEAD' })).status, 200)
      const removed = await tools.fetch(url('DELETE'), { method: 'DELETE' })
      expectSame(`DELETE by ${sign}`, removed.status, 204)
      expectSame(`GET by ${sign}, then`, (await tools.fetch(url('GET'))).status, 404)
    },
    { smoke: true },
  ),
  ...ofBoth(
    'for-one-thing-only',
    'a presigned URL is good for its method, its key and its query, and nothing else',
    ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectAcl'],
    async (tools, sign) => {
      const bucket = await withObject(tools)
      await bucket.put('other', 'of another')
      const get = (change: Parameters<typeof changed>[0]) => bucket.ask('GET', 'object', { sign, ...changed(change) })
      for (const method of ['PUT', 'DELETE'])
        await tools.refuses(
          get(() => ({ method })),
          mismatch,
        )
      const elsewhere = get(({ rawPath }) => ({ rawPath: rawPath.replace(/object$/, 'other') }))
      await tools.refuses(elsewhere, mismatch)
      await tools.refuses(
        get(({ rawQuery }) => ({ rawQuery: `acl&${rawQuery}` })),
        mismatch,
      )
      expectSame(`GET by ${sign}`, await bucket.read('object', { sign }), 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { smoke: true },
  ),
  ...ofBoth(
    'ends',
    'a presigned URL ends when its time is over, and a later end that is written into it does not count',
    ['GetObject', 'PutObject'],
    async (tools, sign) => {
      const bucket = await withObject(tools)
      const expired = refusal('AccessDenied', 403, /[Ee]xpired/)
      const old = { sign, time: new Date(Date.now() - hour), expires: 60 }
      await tools.refuses(bucket.ask('GET', 'object', old), expired)
      await tools.refuses(bucket.ask('PUT', 'object', { ...old, body: 'late' }), expired)
      const longer = changed(({ rawQuery }) => ({
        rawQuery: rawQuery
          .replace('X-Amz-Expires=60', 'X-Amz-Expires=86400')
          .replace(/\bExpires=(\d{10})/, (_, end) => `Expires=${Number(end) + 86_400}`),
      }))
      await tools.refuses(bucket.ask('GET', 'object', { ...old, ...longer }), mismatch)
      const notYet = { sign, time: new Date(Date.now() - hour), expires: 2 * 3600 }
      expectSame(`GET by ${sign} within its time`, await bucket.read('object', notYet), 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { smoke: true },
  ),
  presigned(
    'has-a-longest-time',
    'version 4 presigns for a week at most, and not for less than no time',
    ['GetObject'],
    async (tools) => {
      const bucket = await withObject(tools)
      const get = (expires: number) => bucket.ask('GET', 'object', { sign: 'v4-query', expires })
      expectSame('a week', (await get(604_800)).body.toString(), 'content')
      const code = tools.of({ eucalyptus: 'AccessDenied', aws: 'AuthorizationQueryParametersError' })
      for (const expires of [604_801, -1]) {
        const error = await get(expires).then(
          () => 'it is taken',
          (cause: { code?: string }) => cause.code,
        )
        expectSame(`presigned for ${expires} seconds`, error, code)
      }
    },
    {
      source: 'S3 API Reference, Authenticating requests: using query parameters; eucalyptus-behaviour.md section 10.4',
    },
  ),
  presigned(
    'not-before-its-time',
    'a URL that version 4 has presigned for later is not good yet',
    ['GetObject'],
    async (tools) => {
      const bucket = await withObject(tools)
      const later = { sign: 'v4-query', time: new Date(Date.now() + hour) } as const
      await tools.refuses(bucket.ask('GET', 'object', later), denied)
      const now = { sign: 'v4-query', time: new Date(Date.now() - second) } as const
      expectSame('GET object', await bucket.read('object', now), 'content')
    },
    { source: 'S3 API Reference, Authenticating requests: using query parameters (X-Amz-Date)' },
  ),
  presigned(
    'headers-that-were-signed',
    'a header that was signed must be sent as it was signed, and one of x-amz- that was not may not be sent',
    ['PutObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const put = (change?: (name: string, value: string) => string, more: [string, string][] = []) =>
        bucket.ask('PUT', 'object', {
          sign: 'v4-query',
          body: 'content',
          headers: { 'content-type': 'text/x-case', 'x-amz-meta-colour': 'blue' },
          mutate: (request) => ({
            ...request,
            headers: [
              ...request.headers.map(([name, value]) => [name, change?.(name, value) ?? value] as const),
              ...more,
            ],
          }),
        })
      await tools.refuses(
        put((name, value) => (name === 'content-type' ? 'text/html' : value)),
        mismatch,
      )
      await tools.refuses(
        put((name, value) => (name === 'x-amz-meta-colour' ? 'red' : value)),
        mismatch,
      )
      await tools.refuses(put(undefined, [['x-amz-acl', 'public-read']]), denied)
      await put()
      expectSame('HEAD', (await bucket.ask('HEAD', 'object')).headers['content-type'], 'text/x-case')
    },
  ),
  ...ofBoth(
    'by-who-may-not',
    'a presigned URL gives no more than the account may that signed it',
    ['GetObject', 'PutObject'],
    async (tools, sign) => {
      const bucket = await withObject(tools)
      await tools.refuses(bucket.as(tools.user).ask('GET', 'object', { sign }), denied)
      await tools.refuses(bucket.as(tools.user).ask('PUT', 'object', { sign, body: 'theirs' }), denied)
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { needs: ['s3', 'two-accounts'] },
  ),
  ...ofBoth(
    'parts-of-it-left-out',
    'a URL without its signature, key or end, or with another signature, is refused',
    ['GetObject'],
    async (tools, sign) => {
      const bucket = await withObject(tools)
      const parameters = {
        'v4-query': /X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)$/,
        'v2-query': /./,
      }
      const names: string[] = []
      await bucket.ask('GET', 'object', {
        sign,
        mutate: (request) => {
          names.push(...request.rawQuery.split('&').map((pair) => pair.split('=')[0] ?? ''))
          return request
        },
      })
      for (const name of names.filter((one) => parameters[sign].test(one))) {
        const without = changed(({ rawQuery }) => {
          const pairs = rawQuery.split('&').filter((pair) => !pair.startsWith(`${name}=`))
          return { rawQuery: pairs.join('&') }
        })
        const status = await bucket.ask('GET', 'object', { sign, ...without }).then(
          (answer) => answer.status,
          (error: { status?: number }) => error.status,
        )
        expectSame(`${sign} without ${name}`, status === 403 || status === 400, true)
      }
      const forged = changed(({ rawQuery }) => ({ rawQuery: rawQuery.replace(/(Signature=)....../, '$1AAAAAA') }))
      await tools.refuses(bucket.ask('GET', 'object', { sign, ...forged }), mismatch)
    },
  ),
  presigned(
    'listings-by-minio',
    'a released client presigns other requests too: a listing, with its parameters',
    ['ListObjectsV2', 'GetObject'],
    async (tools) => {
      const bucket = await withObject(tools)
      await bucket.put('other', 'x')
      const { minio } = tools.administrator
      const listing = await minio.presignedUrl('GET', bucket.name, '', 60, { 'list-type': '2', prefix: 'obj' })
      const document = await (await tools.fetch(listing)).text()
      expectSame('the keys', document.match(/<Key>[^<]*/g), ['<Key>object'])
      const chosen = await minio.presignedGetObject(bucket.name, 'object', 60, {
        'response-content-type': 'text/x-chosen',
      })
      expectSame('the type', (await tools.fetch(chosen)).headers.get('content-type'), 'text/x-chosen')
      const tampered = await tools.fetch(listing.replace('prefix=obj', 'prefix='))
      expectSame('another prefix', tampered.status, 403)
    },
  ),
]
