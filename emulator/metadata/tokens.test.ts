import { beforeEach, describe, expect, test } from 'vitest'
import type { MetadataRequest } from './answer.ts'
import type { MetadataFacts } from './facts.ts'
import { plain, testService } from './service.harness.ts'

let { ask, clock } = testService()
beforeEach(() => {
  ;({ ask, clock } = testService())
})

describe('a token', () => {
  const url = '/latest/api/token'
  const ttl = 'x-aws-ec2-metadata-token-ttl-seconds'
  const required: MetadataFacts = { ...plain, tokens: 'required' }
  const unset = ({ tokens: _, ...facts }: MetadataFacts): MetadataFacts => facts
  const put = (headers: MetadataRequest['headers']) => ask('aws', required, url, { method: 'PUT', headers })
  const path = '/latest/meta-data/ami-id'
  const read = (facts: MetadataFacts, token?: string, method = 'GET') =>
    ask('aws', facts, path, { method, headers: token === undefined ? {} : { 'x-aws-ec2-metadata-token': token } })
      .status

  test.each(['GET', 'PUT', 'POST', 'DELETE'])(
    'of eucalyptus comes for %s, whatever the headers, and is never asked for',
    (method) => {
      const { status, body } = ask('eucalyptus', required, url, { method, headers: { 'x-forwarded-for': '10.0.0.1' } })
      expect([status, String(body)]).toEqual([200, expect.stringMatching(/^AQA[\w-]{53}$/)])
      expect(ask('eucalyptus', required, '/2009-04-04/api').body).toBe('token')
      for (const token of ['wrong', '']) {
        expect(ask('eucalyptus', required, path, { headers: { 'x-aws-ec2-metadata-token': token } }).status).toBe(200)
      }
    },
  )

  test.each<[string, MetadataRequest['headers'], number]>([
    ['no lifetime', {}, 400],
    ['none', { [ttl]: '0' }, 400],
    ['one second', { [ttl]: '1' }, 200],
    ['six hours', { [ttl]: '21600' }, 200],
    ['more', { [ttl]: '21601' }, 400],
    ['a negative one', { [ttl]: '-1' }, 400],
    ['no number', { [ttl]: '1e3' }, 400],
    ['a proxy', { [ttl]: '60', 'x-forwarded-for': '172.31.0.7' }, 403],
    ['an empty list of proxies', { [ttl]: '60', 'x-forwarded-for': '' }, 403],
  ])('of aws, asked for with %s', (_, headers, status) => {
    const found = put(headers)
    expect(found.status).toBe(status)
    if (status === 200) expect(found.headers).toEqual({ [ttl]: headers[ttl] })
  })

  test.each(['GET', 'HEAD', 'POST', 'DELETE'])('of aws is not had by %s', (method) => {
    expect(ask('aws', plain, url, { method, headers: { [ttl]: '60' } }).status).toBe(405)
  })

  test('of aws opens its own instance until its time is over', async () => {
    const token = String(put({ [ttl]: '60' }).body)
    expect(token).toMatch(/^AQA[\w-]{53}$/)
    expect([read(required), read(unset(required)), read(required, token), read(required, token, 'HEAD')]).toEqual([
      401, 200, 200, 200,
    ])
    expect(read({ ...required, instanceId: 'i-0000000b' }, token)).toBe(401)
    expect(read(required, token, 'POST')).toBe(405)
    await clock.advance(59_999)
    expect(read(required, token)).toBe(200)
    await clock.advance(1)
    expect(read(required, token)).toBe(401)
  })

  test('of aws is checked when it is there, also where none is required', () => {
    expect([read(plain), read(plain, 'wrong'), read(plain, '')]).toEqual([200, 401, 401])
  })

  test.each<[string, string]>([
    ['PUT', url],
    ['GET', path],
    ['GET', '/'],
  ])('of aws opens nothing where the service is disabled: %s %s', (method, of) => {
    const token = String(put({ [ttl]: '60' }).body)
    const headers = { [ttl]: '60', 'x-aws-ec2-metadata-token': token }
    const disabled: MetadataFacts = { ...required, endpoint: 'disabled' }
    const request = { method, headers: method === 'PUT' ? { [ttl]: '60' } : headers }
    expect(ask('aws', disabled, of, request).status).toBe(403)
    expect(ask('aws', required, of, request).status).toBe(200)
    expect(ask('eucalyptus', disabled, of, { method: 'GET' }).status).toBe(200)
  })

  test('of one instance never opens another, and no changed token opens anything', () => {
    const [mine, ...others] = Array.from({ length: 11 }, (_, index) => ({ ...required, instanceId: `i-${index}` }))
    const headers = { [ttl]: '60' }
    for (let round = 0; round < 100; round++) {
      const token = String(ask('aws', mine!, url, { method: 'PUT', headers }).body)
      expect(others.map((other) => read(other, token))).toEqual(others.map(() => 401))
      const at = round % token.length
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      expect([changed, read(mine!, changed), read(mine!, `${token}=`), read(mine!, token)]).toEqual([
        changed,
        401,
        401,
        200,
      ])
    }
  })
})
