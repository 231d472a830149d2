import { beforeAll, describe, expect, it } from 'vitest'
import type { CorsRule } from '../objects/records.ts'
import { findCorsRule } from './cors.ts'
import { servedS3 } from './service.test.support.ts'

const rule = (rest: Partial<CorsRule>): CorsRule => ({
  origins: ['*'],
  methods: ['GET'],
  headers: [],
  exposed: [],
  ...rest,
})
const asks = (origin: string, method = 'GET', ...headers: string[]) => ({ origin, method, headers })

describe('a rule', () => {
  it.each<[string, CorsRule, ReturnType<typeof asks>, boolean]>([
    ['for any origin', rule({}), asks('http://a'), true],
    ['for one origin', rule({ origins: ['http://a'] }), asks('http://a'), true],
    ['for an origin in another case', rule({ origins: ['http://A'] }), asks('http://a'), false],
    ['for an origin that only begins like it', rule({ origins: ['http://a'] }), asks('http://a.evil'), false],
    ['for a start', rule({ origins: ['http://a*'] }), asks('http://a.b'), true],
    ['for an end', rule({ origins: ['*.b'] }), asks('http://a.b'), true],
    ['for an end that is not its', rule({ origins: ['*.b'] }), asks('http://a.b.evil'), false],
    ['for both ends', rule({ origins: ['start*end'] }), asks('startend'), true],
    ['for ends that overlap', rule({ origins: ['ab*ba'] }), asks('aba'), false],
    ['for another method', rule({ methods: ['PUT'] }), asks('http://a'), false],
    ['without headers', rule({}), asks('http://a', 'GET', 'x-a'), false],
    ['with its header in another case', rule({ headers: ['X-A'] }), asks('http://a', 'GET', 'x-a'), true],
    ['with headers that begin alike', rule({ headers: ['x-amz-*'] }), asks('http://a', 'GET', 'X-Amz-Date'), true],
    ['with one header of two', rule({ headers: ['x-a'] }), asks('http://a', 'GET', 'x-a', 'x-b'), false],
  ])('%s', (_, one, asked, expected) => {
    expect(findCorsRule([one], asked)).toBe(expected ? one : undefined)
  })

  it('counts when it is the first that allows', () => {
    const second = rule({ origins: ['http://a'] })
    expect(findCorsRule([rule({ methods: ['PUT'] }), second, rule({})], asks('http://a'))).toBe(second)
  })
})

const rules =
  '<CORSConfiguration><CORSRule><AllowedOrigin>http://app.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod>' +
  '<AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>' +
  '<MaxAgeSeconds>300</MaxAgeSeconds></CORSRule><CORSRule><AllowedOrigin>*</AllowedOrigin>' +
  '<AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>'
const told = {
  'access-control-allow-origin': 'http://app.test',
  'access-control-allow-methods': 'GET, PUT',
  'access-control-expose-headers': 'ETag',
  'access-control-max-age': '300',
  'access-control-allow-credentials': 'true',
  vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
}
const page = { origin: 'http://app.test' }

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { call } = servedS3(fidelity)
  beforeAll(async () => {
    await call('PUT /mine', { headers: { 'x-amz-acl': 'public-read' } })
    await call('PUT /none')
    expect(await call('PUT /mine?cors', { body: rules })).toMatchObject({ status: 200 })
  })

  it.each([
    ['that is answered', 'GET /mine', 'anonymous', 200],
    ['that changes', 'PUT /mine/key', 'alice', 200],
    ['of a key that is not there', 'GET /mine/none', 'anonymous', 404],
    ['that is refused', 'PUT /mine/key', 'anonymous', 403],
    ['that is no configuration', 'PUT /mine?website', 'alice', 501],
  ] as const)('a page may read the answer of a request %s', async (_, line, as, status) => {
    expect(await call(line, { as, headers: page })).toMatchObject({ status, headers: told })
  })

  it('any page is told so, without credentials', async () => {
    const { headers } = await call('HEAD /mine', { headers: { origin: 'http://other' } })
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: told.vary })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })

  it.each([
    ['of another origin', 'GET /mine', { origin: 'http://other' }],
    ['with another method', 'DELETE /mine/key', page],
    ['that means another method', 'GET /mine', { ...page, 'access-control-request-method': 'DELETE' }],
    ['of a bucket without rules', 'GET /none', page],
    ['of no bucket', 'GET /', page],
    ['that names no origin', 'GET /mine', {}],
  ])('nothing is told to a page %s', async (_, line, headers) => {
    const names = Object.keys((await call(line, { headers })).headers)
    expect(names.filter((name) => /^access-control|^vary/.test(name))).toEqual([])
  })

  it('a preflight request is answered to anybody, with the headers that were asked for', async () => {
    const asked = { ...page, 'access-control-request-method': 'PUT' }
    for (const line of ['OPTIONS /mine', 'OPTIONS /mine/key?X-Amz-Signature=of-the-put']) {
      const headers = { ...asked, 'access-control-request-headers': 'X-Amz-Date, x-amz-acl' }
      const reply = await call(line, { as: 'anonymous', headers })
      expect(reply).toMatchObject({ status: 200, text: '' })
      expect(reply.headers).toMatchObject({ ...told, 'access-control-allow-headers': 'x-amz-date, x-amz-acl' })
    }
    expect((await call('OPTIONS /mine', { headers: asked })).headers).not.toHaveProperty('access-control-allow-headers')
  })

  const meant = { 'access-control-request-method': 'GET' }
  it.each([
    ['without an origin', 'mine', meant, 400, 'BadRequest'],
    ['without a method', 'mine', page, 400, 'BadRequest'],
    ['with a method that there is not', 'mine', { ...page, 'access-control-request-method': 'get' }, 400, 'BadRequest'],
    ['of another origin', 'mine', { ...meant, origin: 'http://other' }, 403, 'AccessForbidden'],
    ['with a header', 'mine', { ...page, ...meant, 'access-control-request-headers': 'x' }, 403, 'AccessForbidden'],
    ['of a bucket without rules', 'none', { ...page, ...meant }, 403, 'AccessForbidden'],
  ])('a preflight request %s is refused', async (_, bucket, headers, status, code) => {
    const reply = await call(`OPTIONS /${bucket}/key`, { as: 'anonymous', headers })
    expect([reply.status, reply.all('Code')]).toEqual([status, [code]])
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('a preflight request of no bucket is refused as each cloud does', async () => {
    const reply = await call('OPTIONS /absent/key', { as: 'anonymous', headers: { ...page, ...meant } })
    const expected = fidelity === 'aws' ? [403, ['AccessForbidden']] : [404, ['NoSuchBucket']]
    expect([reply.status, reply.all('Code')]).toEqual(expected)
  })
})
