import { beforeAll, describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const rule = (content: string) => `<Rule>${content}</Rule>`
const configuration = (...rules: string[]) =>
  `<LifecycleConfiguration>${rules.map(rule).join('')}</LifecycleConfiguration>`
const basis = '<Prefix>logs/</Prefix><Status>Enabled</Status>'
const expiration = (content: string) => `<Expiration>${content}</Expiration>`
const days = expiration('<Days>1</Days>')

const refusals: [string, string, string][] = [
  ['another document', '<Tagging/>', 'MalformedXML'],
  ['no rules', configuration(), 'MalformedXML'],
  ['1001 rules', configuration(...Array<string>(1001).fill(basis + days)), 'MalformedXML'],
  ['a rule without an action', configuration(basis), 'InvalidRequest'],
  ['a rule without a status', configuration(`<Prefix/>${days}`), 'MalformedXML'],
  ['a status in another case', configuration(`<Prefix/><Status>enabled</Status>${days}`), 'MalformedXML'],
  ['a rule without a filter', configuration(`<Status>Enabled</Status>${days}`), 'MalformedXML'],
  ['no days', configuration(basis + expiration('<Days>0</Days>')), 'InvalidArgument'],
  ['negative days', configuration(basis + expiration('<Days>-1</Days>')), 'InvalidArgument'],
  ['part of a day', configuration(basis + expiration('<Days>1.5</Days>')), 'MalformedXML'],
  ['an empty expiration', configuration(basis + expiration('')), 'MalformedXML'],
  [
    'two kinds of expiration',
    configuration(basis + expiration('<Days>1</Days><Date>2030-01-01T00:00:00Z</Date>')),
    'MalformedXML',
  ],
  ['a noon', configuration(basis + expiration('<Date>2030-01-01T12:00:00Z</Date>')), 'InvalidArgument'],
  ['no date', configuration(basis + expiration('<Date>20300101</Date>')), 'MalformedXML'],
  ['a date that there is not', configuration(basis + expiration('<Date>2030-02-31T25:00:00Z</Date>')), 'MalformedXML'],
  ['an id of 256 characters', configuration(`<ID>${'x'.repeat(256)}</ID>${basis}${days}`), 'InvalidArgument'],
  ['an id twice', configuration(`<ID>x</ID>${basis}${days}`, `<ID>x</ID>${basis}${days}`), 'InvalidArgument'],
  ['an unknown field', configuration(`${basis}${days}<Move/>`), 'MalformedXML'],
  [
    'a move to another storage class',
    configuration(`${basis}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>`),
    'NotImplemented',
  ],
]

const filtered = (filter: string, action = days) => `<Filter>${filter}</Filter><Status>Enabled</Status>${action}`
const tag = '<Tag><Key>a</Key><Value>b</Value></Tag>'
const noncurrent = (content: string) => `<NoncurrentVersionExpiration>${content}</NoncurrentVersionExpiration>`
const abort =
  '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>'

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { call } = servedS3(fidelity)
  beforeAll(() => call('PUT /mine'))

  it('replaces the rules that there were', async () => {
    const body = configuration(basis + days, basis + expiration('<Date>2030-01-01T00:00:00Z</Date>'))
    expect(await call('PUT /mine?lifecycle', { body })).toMatchObject({ status: 200, text: '' })
    expect(await call('PUT /mine?lifecycle', { body: configuration(basis + days) })).toMatchObject({ status: 200 })
    expect((await call('GET /mine?lifecycle')).all('Rule')).toHaveLength(1)
  })

  it.each(refusals)('refuses %s', async (_, body, code) => {
    const reply = await call('PUT /mine?lifecycle', { body })
    expect([reply.status, reply.all('Code')]).toEqual([code === 'NotImplemented' ? 501 : 400, [code]])
  })

  it("is the owner's", async () => {
    const body = configuration(basis + days)
    expect(await call('PUT /mine?lifecycle', { as: 'bob', body })).toMatchObject({ status: 403 })
  })

  it('of a bucket with versions is as each cloud has it', async () => {
    await call('PUT /kept')
    const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    expect(await call('PUT /kept?versioning', { body: enabled })).toMatchObject({ status: 200 })
    const reply = await call('PUT /kept?lifecycle', { body: configuration(basis + days) })
    expect(reply.status).toBe(fidelity === 'aws' ? 200 : 409)
    if (fidelity === 'eucalyptus') expect(reply.all('Code')).toEqual(['InvalidBucketState'])
  })
})

describe.each(['eucalyptus', 'aws'] as const)('beyond prefixes, in %s', (fidelity) => {
  const { call } = servedS3(fidelity)
  beforeAll(() => call('PUT /mine'))

  it.each([
    ['an empty filter', filtered('')],
    ['a tag', filtered(tag)],
    [
      'sizes',
      filtered('<And><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And>'),
    ],
    ['noncurrent versions', filtered('', noncurrent('<NoncurrentDays>1</NoncurrentDays>'))],
    ['uploads', filtered('<Prefix>x</Prefix>', abort)],
    ['delete markers', filtered('', expiration('<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>'))],
  ])('takes %s', async (_, content) => {
    expect(await call('PUT /mine?lifecycle', { body: configuration(content) })).toMatchObject({ status: 200 })
  })

  it.each([
    ['a prefix and a filter', `<Prefix/>${filtered('')}`, 'MalformedXML'],
    ['a tag twice', filtered(`<And>${tag}${tag}</And>`), 'InvalidRequest'],
    [
      'delete markers with a tag',
      filtered(tag, expiration('<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>')),
      'InvalidRequest',
    ],
    ['uploads with a tag', filtered(tag, abort), 'InvalidRequest'],
    [
      'no size in between',
      filtered('<And><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And>'),
      'InvalidRequest',
    ],
    [
      '101 noncurrent versions',
      filtered(
        '',
        noncurrent('<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>101</NewerNoncurrentVersions>'),
      ),
      'InvalidArgument',
    ],
  ])('refuses %s', async (_, content, code) => {
    const reply = await call('PUT /mine?lifecycle', { body: configuration(content) })
    expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
  })
})
