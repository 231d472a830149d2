import { beforeAll, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws', 'us-east-1')
beforeAll(() => call('PUT /mine', { headers: { 'x-amz-acl': 'public-read' } }))

const status = '<Status>Enabled</Status>'
const rule = (filter: string, action: string, id = 'one') => `<Rule><ID>${id}</ID>${filter}${action}</Rule>`
const tag = '<Tag><Key>a</Key><Value>b</Value></Tag>'

it('says what was set', async () => {
  expect((await call('GET /mine?lifecycle')).all('Code')).toEqual(['NoSuchLifecycleConfiguration'])
  const rules = [
    rule('<Prefix>logs/</Prefix>', `${status}<Expiration><Days>30</Days></Expiration>`),
    rule(
      '<Filter></Filter>',
      '<Status>Disabled</Status><Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>' +
        '<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>' +
        '<NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>',
      'two &amp; three',
    ),
    rule(`<Filter>${tag}</Filter>`, `${status}<Expiration><Days>4</Days></Expiration>`, 'four'),
    rule(
      '<Filter></Filter>',
      `${status}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`,
      'markers',
    ),
    rule(
      `<Filter><And><Prefix>x</Prefix>${tag}<ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>` +
        '<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>',
      `${status}<Expiration><Days>1</Days></Expiration>`,
      'five',
    ),
    rule(
      '<Filter><Prefix>x</Prefix></Filter>',
      `${status}<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>`,
      'six',
    ),
  ].join('')
  const body = `<LifecycleConfiguration>${rules}</LifecycleConfiguration>`
  expect(await call('PUT /mine?lifecycle', { body })).toMatchObject({ status: 200 })
  expect((await call('GET /mine?lifecycle')).text).toContain(`2006-03-01/">${rules}</LifecycleConfiguration>`)
  expect(await call('GET /mine?lifecycle', { as: 'bob' })).toMatchObject({ status: 403 })
})

it('gives ids to rules without one', async () => {
  const rules = '<Rule><Prefix>a</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>'.repeat(
    2,
  )
  await call('PUT /mine?lifecycle', { body: `<LifecycleConfiguration>${rules}</LifecycleConfiguration>` })
  const ids = (await call('GET /mine?lifecycle')).all('ID')
  expect([ids.length, new Set(ids).size, ids.every((id) => id !== '')]).toEqual([2, 2, true])
})
