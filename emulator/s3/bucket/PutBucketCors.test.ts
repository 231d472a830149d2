import { beforeAll, describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const rule = (content: string) => `<CORSRule>${content}</CORSRule>`
const origin = '<AllowedOrigin>http://a</AllowedOrigin>'
const method = '<AllowedMethod>GET</AllowedMethod>'
const valid = rule(origin + method)
const configuration = (rules: string) => `<CORSConfiguration>${rules}</CORSConfiguration>`

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { call } = servedS3(fidelity)
  beforeAll(() => call('PUT /mine'))

  it('replaces the rules that there were', async () => {
    expect(await call('PUT /mine?cors', { body: configuration(valid + valid) })).toMatchObject({
      status: 200,
      text: '',
    })
    expect(await call('PUT /mine?cors', { body: configuration(valid) })).toMatchObject({ status: 200 })
    expect((await call('GET /mine?cors')).all('CORSRule')).toHaveLength(1)
  })

  const missing = fidelity === 'aws' ? 'MalformedXML' : 'InvalidArgument'
  it.each([
    ['nothing', '', 'MalformedXML'],
    ['another document', '<Tagging/>', 'MalformedXML'],
    ['no rules', configuration(''), 'MalformedXML'],
    ['101 rules', configuration(valid.repeat(101)), fidelity === 'aws' ? 'InvalidRequest' : 'MalformedXML'],
    ['no origin', configuration(rule(method)), missing],
    ['no method', configuration(rule(origin)), missing],
    ['an unknown field', configuration(rule(`${origin}${method}<Allowed/>`)), 'MalformedXML'],
    ['another method', configuration(rule(`${origin}<AllowedMethod>OPTIONS</AllowedMethod>`)), 'InvalidRequest'],
    ['two stars in an origin', configuration(rule(`<AllowedOrigin>*.*</AllowedOrigin>${method}`)), 'InvalidRequest'],
    [
      'two stars in a header',
      configuration(rule(`${origin}${method}<AllowedHeader>x-*-*</AllowedHeader>`)),
      'InvalidRequest',
    ],
    [
      'a star in an exposed header',
      configuration(rule(`${origin}${method}<ExposeHeader>*</ExposeHeader>`)),
      'InvalidRequest',
    ],
    [
      'a line end in an exposed header',
      configuration(rule(`${origin}${method}<ExposeHeader>a&#10;b: c</ExposeHeader>`)),
      'InvalidRequest',
    ],
    ['a negative age', configuration(rule(`${origin}${method}<MaxAgeSeconds>-1</MaxAgeSeconds>`)), 'InvalidArgument'],
    ['no age', configuration(rule(`${origin}${method}<MaxAgeSeconds>x</MaxAgeSeconds>`)), 'MalformedXML'],
    ['a long id', configuration(rule(`<ID>${'x'.repeat(256)}</ID>${origin}${method}`)), 'InvalidArgument'],
    ['an id twice', configuration(rule(`<ID>x</ID>${origin}${method}`).repeat(2)), 'InvalidArgument'],
  ])('refuses %s', async (_, body, code) => {
    const reply = await call('PUT /mine?cors', { body })
    expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
  })

  it("is the owner's", async () => {
    expect(await call('PUT /mine?cors', { as: 'bob', body: configuration(valid) })).toMatchObject({ status: 403 })
    expect((await call('PUT /none?cors', { body: configuration(valid) })).all('Code')).toEqual(['NoSuchBucket'])
  })
})
