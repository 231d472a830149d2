import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const keys = ['a', 'b/1', 'b/2', 'c d', 'é/x', '\u0001']
const fill = async (bucket: string) => {
  await call(`PUT /${bucket}`)
  for (const key of keys) await call(`PUT /${bucket}/${encodeURIComponent(key)}`, { body: 'xyz' })
}

it('pages with tokens', async () => {
  await fill('paged')
  const found: string[] = []
  let token = ''
  do {
    const reply = await call(
      `GET /paged?list-type=2&max-keys=2&encoding-type=url&delimiter=/&continuation-token=${token}`,
    )
    found.push(...reply.all('Key'), ...reply.all('Prefix').slice(1))
    expect(reply.all('KeyCount')).toEqual([reply.all('IsTruncated')[0] === 'true' ? '2' : '1'])
    token = reply.all('NextContinuationToken')[0] ?? ''
  } while (token)
  expect(found).toEqual(['%01', 'a', 'c%20d', 'b/', '%C3%A9/'])
})

it('starts after a key and tells owners when asked', async () => {
  await fill('after')
  const reply = await call('GET /after?list-type=2&start-after=b/2')
  expect([reply.all('Key'), reply.all('StartAfter'), reply.all('Owner')]).toEqual([['c d', 'é/x'], ['b/2'], []])
  expect((await call('GET /after?list-type=2&fetch-owner=true')).all('DisplayName')).toHaveLength(keys.length)
})

it.each(['list-type=3', 'list-type=2&continuation-token=%C3%A9'])('refuses %s', async (query) => {
  await call('PUT /mine')
  expect((await call(`GET /mine?${query}`)).all('Code')).toEqual(['InvalidArgument'])
})
