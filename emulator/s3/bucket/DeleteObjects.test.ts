import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const list = (...keys: string[]) =>
  `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`

it('deletes exactly the keys that are listed', async () => {
  await call('PUT /mine')
  const keys = ['0123', '123', '1e5', '100000', 'true', ' a ', 'a', '/x//y', '\u0001', 'a\r\nb', '<&>', '😀']
  for (const key of keys) await call(`PUT /mine/${encodeURIComponent(key)}`, { body: 'x' })
  const gone = ['0123', '1e5', 'true', ' a ', '/x//y', '&#1;', 'a\r\nb', '&lt;&amp;&gt;', '&#x1F600;', 'never-was']
  const reply = await call('POST /mine?delete', { body: list(...gone) })
  expect([reply.status, reply.all('Deleted').length, reply.all('Error')]).toEqual([200, gone.length, []])
  expect((await call('GET /mine')).all('Key')).toEqual(['100000', '123', 'a'])
})

it('is quiet when asked, but tells errors', async () => {
  await call('PUT /mine')
  const body =
    '<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>null</VersionId></Object>' +
    '<Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>'
  const reply = await call('POST /mine/?delete=', { body })
  expect([reply.all('Deleted'), reply.all('Key'), reply.all('Code')]).toEqual([[], ['b'], ['InternalError']])
})

it.each([
  ['nothing', ''],
  ['no key', '<Delete></Delete>'],
  ['1001 keys', list(...Array.from({ length: 1001 }, (_, i) => `${i}`))],
  ['another document', '<Remove/>'],
  ['entities', '<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'],
])('refuses %s', async (_, body) => {
  await call('PUT /mine')
  expect((await call('POST /mine?delete', { body })).all('Code')).toEqual(['MalformedXML'])
})

it('is for those who may write to the bucket', async () => {
  await call('PUT /mine')
  expect(await call('POST /mine?delete', { as: 'bob', body: list('a') })).toMatchObject({ status: 403 })
})

describe('in AWS', () => {
  const { call } = servedS3('aws')

  it('denies each key by itself to those who may not write to the bucket', async () => {
    await call('PUT /mine')
    await call('PUT /mine/a', { body: 'x' })
    const answer = await call('POST /mine?delete', { as: 'bob', body: list('a', 'b') })
    expect([answer.status, answer.all('Code'), answer.all('Deleted')]).toEqual([
      200,
      ['AccessDenied', 'AccessDenied'],
      [],
    ])
    expect((await call('GET /mine/a')).status).toBe(200)
  })
})

describe.each(['eucalyptus', 'aws'] as const)('versions, in %s', (fidelity) => {
  const { s3, call } = servedS3(fidelity)
  const isAws = fidelity === 'aws'

  it('makes delete markers, and removes them and versions when these are named', async () => {
    await call('PUT /mine')
    await s3().store.changeBucket('mine', () => ({ versioning: 'Enabled' }))
    const id = (await call('PUT /mine/a', { body: 'x' })).headers['x-amz-version-id']
    const made = await call('POST /mine?delete', { body: list('a') })
    const [marker] = made.all('DeleteMarkerVersionId')
    expect([made.all('Key'), made.all('VersionId'), made.all('DeleteMarker')]).toEqual([['a'], [], ['true']])
    const versions = [marker, id].map((one) => `<Object><Key>a</Key><VersionId>${one}</VersionId></Object>`)
    const body = `<Delete>${versions.join('')}</Delete>`
    const gone = await call('POST /mine?delete', { body })
    expect([gone.all('VersionId'), gone.all('DeleteMarkerVersionId')]).toEqual([[marker, id], [marker]])
    expect((await call('GET /mine?versions')).all('VersionId')).toEqual([])
    const again = await call('POST /mine?delete', { body })
    expect([again.all('Deleted').length, again.all('Code')]).toEqual(
      isAws ? [2, []] : [0, ['InternalError', 'InternalError']],
    )
  })
})
