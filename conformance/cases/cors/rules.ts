import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, expectHeaders, expectSame, openBucket, settled, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const cors = area('cors', {
  needs: ['s3', 'cors'],
  source:
    'eucalyptus-behaviour.md sections 1.6, 10.1 and 15 (CORS); S3 User Guide, Using cross-origin resource sharing (CORS)',
})

const element = (name: string, ...values: readonly string[]) =>
  values.map((value) => `<${name}>${value}</${name}>`).join('')

/** A rule: origins, methods, and further elements. */
const rule = (origins: readonly string[], methods: readonly string[], more = '') =>
  element('CORSRule', element('AllowedOrigin', ...origins) + element('AllowedMethod', ...methods) + more)

const put = (bucket: Bucket, ...rules: readonly string[]) =>
  bucket.ask('PUT', '?cors', { body: element('CORSConfiguration', rules.join('')) })

const origin = 'https://pages.example.com'

/** A preflight request of a page, which nobody signs. */
const preflight = (bucket: Bucket, headers: Readonly<Record<string, string>>) =>
  bucket.anonymous.ask('OPTIONS', 'object', { headers })

const asks = (from: string, method: string, headers?: string) => ({
  origin: from,
  'access-control-request-method': method,
  ...(headers !== undefined && { 'access-control-request-headers': headers }),
})

const forbidden = refusal('AccessForbidden', 403)

/** The names that a header lists, in lower case and sorted. */
const namesIn = (value = '') =>
  value
    .toLowerCase()
    .split(/\s*,\s*/)
    .sort()

export default [
  cors(
    'come-back',
    'the rules of a bucket come back as they were put, replace those before, and are gone once they are deleted',
    ['PutBucketCors', 'GetBucketCors', 'DeleteBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const absent = refusal('NoSuchCORSConfiguration', 404)
      await tools.refuses(bucket.ask('GET', '?cors'), absent)
      await put(bucket, rule(['https://old.example.com'], ['GET']))
      const more = `${element('AllowedHeader', 'x-one', 'x-two*')}${element('ExposeHeader', 'etag')}<MaxAgeSeconds>60</MaxAgeSeconds>`
      await put(bucket, rule([origin, 'https://*.example.org'], ['GET', 'PUT'], more), rule(['*'], ['HEAD']))
      await settled(tools, async () =>
        expectSame('how many rules', list(await bucket.document('?cors'), 'CORSRule').length, 2),
      )
      const [first, second, ...others] = list(await bucket.document('?cors'), 'CORSRule')
      assert.ok(first && second && others.length === 0, 'there are not just two rules')
      expectSame('the origins', list(first, 'AllowedOrigin'), [origin, 'https://*.example.org'])
      expectSame('the methods', list(first, 'AllowedMethod'), ['GET', 'PUT'])
      expectSame('the headers', list(first, 'AllowedHeader'), ['x-one', 'x-two*'])
      expectSame('the rest', [text(first, 'ExposeHeader'), text(first, 'MaxAgeSeconds')], ['etag', '60'])
      expectSame('the second rule', [text(second, 'AllowedOrigin'), text(second, 'AllowedMethod')], ['*', 'HEAD'])
      expectSame('DELETE ?cors', (await bucket.ask('DELETE', '?cors')).status, 204)
      await settled(tools, () => tools.refuses(bucket.ask('GET', '?cors'), absent))
    },
  ),
  cors(
    'preflight-is-allowed',
    'a preflight request that a rule allows is told the origin, the methods, the headers and for how long',
    ['PutBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const more = `${element('AllowedHeader', 'x-amz-*', 'content-type')}${element('ExposeHeader', 'etag', 'x-amz-version-id')}<MaxAgeSeconds>120</MaxAgeSeconds>`
      await put(bucket, rule(['https://other.example.com'], ['GET']), rule([origin], ['PUT', 'DELETE'], more))
      const ask = () => preflight(bucket, asks(origin, 'PUT', 'X-Amz-Date, content-type'))
      await settled(tools, ask)
      const answer = await ask()
      expectSame('the status', answer.status, 200)
      expectHeaders('OPTIONS', answer, { 'access-control-allow-origin': origin, 'access-control-max-age': '120' })
      const { headers } = answer
      expectSame('the methods', namesIn(headers['access-control-allow-methods']), ['delete', 'put'])
      expectSame('the headers', namesIn(headers['access-control-allow-headers']), ['content-type', 'x-amz-date'])
      const exposed = namesIn(headers['access-control-expose-headers'])
      expectSame('what the page may read', exposed, ['etag', 'x-amz-version-id'])
      assert.ok(namesIn(headers['vary']).includes('origin'), `Vary does not name Origin: ${headers['vary']}`)
    },
    { smoke: true },
  ),
  cors(
    'preflight-is-refused',
    'a preflight request of another origin, method or header than every rule allows is refused',
    ['PutBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule([origin], ['GET', 'PUT'], element('AllowedHeader', 'x-one')))
      await settled(tools, () => preflight(bucket, asks(origin, 'GET', 'x-one')))
      for (const headers of [
        asks('https://other.example.com', 'GET'),
        asks('http://pages.example.com', 'GET'),
        asks(`${origin}.evil.example`, 'GET'),
        asks(origin, 'DELETE'),
        asks(origin, 'GET', 'x-two'),
        asks(origin, 'GET', 'x-one, x-two'),
      ]) {
        await tools.refuses(preflight(bucket, headers), forbidden)
      }
    },
  ),
  cors(
    'patterns-of-origins',
    'a star in an origin stands for any text, and an origin that is only a star for all of them',
    ['PutBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule(['https://*.example.com'], ['GET']))
      const host = 'https://a.b.example.com'
      await settled(tools, async () =>
        expectHeaders(`OPTIONS from ${host}`, await preflight(bucket, asks(host, 'GET')), {
          'access-control-allow-origin': host,
        }),
      )
      for (const other of ['https://example.com', 'http://a.example.com', 'https://a.example.com.evil.example']) {
        await tools.refuses(preflight(bucket, asks(other, 'GET')), forbidden)
      }
      await put(bucket, rule(['*'], ['GET']))
      await settled(tools, async () =>
        expectHeaders('OPTIONS from anywhere', await preflight(bucket, asks('https://anywhere.example', 'GET')), {
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': undefined,
        }),
      )
    },
  ),
  cors(
    'requests-of-pages',
    'an answer tells the page that it may read it only where a rule allows its origin and method',
    ['PutBucketCors', 'GetObject', 'PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule([origin], ['GET'], element('ExposeHeader', 'etag')))
      await bucket.put('object', 'content', { 'x-amz-acl': 'public-read' })
      const get = (from: string) => bucket.anonymous.ask('GET', 'object', { headers: { origin: from } })
      await settled(tools, async () =>
        expectHeaders('GET from the page', await get(origin), {
          'access-control-allow-origin': origin,
          'access-control-expose-headers': 'etag',
        }),
      )
      const allowed = await get(origin)
      assert.ok(
        namesIn(allowed.headers['vary']).includes('origin'),
        `Vary does not name Origin: ${allowed.headers['vary']}`,
      )
      const none = { 'access-control-allow-origin': undefined }
      const other = await get('https://other.example.com')
      expectHeaders('GET from another page', other, none)
      expectSame('the body for another page', other.body.toString(), 'content')
      const written = await bucket.ask('PUT', 'another', { body: 'x', headers: { origin } })
      expectHeaders('PUT from the page', written, none)
      expectHeaders('GET from no page', await bucket.ask('GET', 'object'), none)
    },
    { needs: ['s3', 'cors', 'acl'] },
  ),
  cors(
    'without-rules',
    'a bucket without rules refuses every preflight request and tells pages nothing',
    ['DeleteBucketCors', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule(['*'], ['GET']))
      await settled(tools, () => preflight(bucket, asks(origin, 'GET')))
      await bucket.ask('DELETE', '?cors')
      await settled(tools, () => tools.refuses(preflight(bucket, asks(origin, 'GET')), forbidden))
      await bucket.put('object', 'content')
      const got = await bucket.ask('GET', 'object', { headers: { origin } })
      expectHeaders('GET from a page', got, { 'access-control-allow-origin': undefined })
    },
  ),
  cors(
    'preflight-that-says-too-little',
    'a preflight request without an origin, or without a method that can be, is refused with 400',
    ['PutBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule(['*'], ['GET']))
      await settled(tools, () => preflight(bucket, asks(origin, 'GET')))
      const bad = refusal('BadRequest', 400)
      await tools.refuses(preflight(bucket, { 'access-control-request-method': 'GET' }), bad)
      await tools.refuses(preflight(bucket, { origin }), bad)
      await tools.refuses(preflight(bucket, asks(origin, 'BREW')), bad)
    },
    { level: 'SHOULD' },
  ),
  cors(
    'rules-that-cannot-be',
    'rules without origin or method, of a method that does not exist, with two stars or no rules at all are refused',
    ['PutBucketCors', 'GetBucketCors'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule([origin], ['GET']))
      const malformed = refusal('MalformedXML', 400)
      const missing = { eucalyptus: refusal('InvalidArgument', 400), aws: malformed }
      await tools.refuses(put(bucket), malformed)
      await tools.refuses(put(bucket, rule([], ['GET'])), missing)
      await tools.refuses(put(bucket, rule([origin], [])), missing)
      const invalid = refusal('InvalidRequest', 400)
      await tools.refuses(put(bucket, rule([origin], ['OPTIONS'])), invalid)
      await tools.refuses(put(bucket, rule(['https://*.*.example.com'], ['GET'])), invalid)
      await settled(tools, async () =>
        expectSame('the rules', texts(await bucket.document('?cors'), 'CORSRule', 'AllowedOrigin'), [origin]),
      )
    },
    { source: 'S3 API Reference, PutBucketCors; ObjectStorageGateway.java, setBucketCors' },
  ),
]
