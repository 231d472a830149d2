import { describe, expect, it } from 'vitest'
import { servedS3 } from './service.test.support.ts'

const rule = (prefix: string, id: string, days: number) =>
  `<Rule><ID>${id}</ID><Prefix>${prefix}</Prefix><Status>Enabled</Status><Expiration><Days>${days}</Days></Expiration></Rule>`
const body = `<LifecycleConfiguration>${rule('logs/', 'a "b"', 3)}${rule('', 'all', 30)}</LifecycleConfiguration>`
const told = (date: string, id: string) => ({ 'x-amz-expiration': `expiry-date="${date}", rule-id="${id}"` })
// The clock stands at the midnight of 1 January 2026.
const logs = told('Sun, 04 Jan 2026 00:00:00 GMT', 'a%20%22b%22')

describe('in aws', () => {
  const { call } = servedS3('aws', 'us-east-1')

  it('answers about an object say when it ends, and by which rule', async () => {
    await call('PUT /mine')
    expect((await call('PUT /mine/logs/early', { body: 'x' })).headers).not.toHaveProperty('x-amz-expiration')
    await call('PUT /mine?lifecycle', { body })
    expect((await call('PUT /mine/logs/a', { body: 'x' })).headers).toMatchObject(logs)
    for (const line of ['HEAD /mine/logs/a', 'GET /mine/logs/a', 'HEAD /mine/logs/early']) {
      expect((await call(line)).headers).toMatchObject(logs)
    }
    const copied = await call('PUT /mine/b', { headers: { 'x-amz-copy-source': '/mine/logs/a' } })
    expect(copied.headers).toMatchObject(told('Sat, 31 Jan 2026 00:00:00 GMT', 'all'))
  })
})

describe('in eucalyptus', () => {
  const { call } = servedS3('eucalyptus')

  it('they do not', async () => {
    await call('PUT /mine')
    await call('PUT /mine?lifecycle', { body })
    expect((await call('PUT /mine/logs/a', { body: 'x' })).headers).not.toHaveProperty('x-amz-expiration')
  })
})
