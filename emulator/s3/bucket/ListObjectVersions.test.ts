import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { s3, call } = servedS3(fidelity)
  const enable = (name: string) => s3().store.changeBucket(name, () => ({ versioning: 'Enabled' }))

  it('lists each object as its only version, without versioning', async () => {
    await call('PUT /plain')
    for (const key of ['a', 'b', 'c/d']) await call(`PUT /plain/${key}`, { body: 'x' })
    const reply = await call('GET /plain?versions&delimiter=/&max-keys=2')
    expect([reply.all('Key'), reply.all('VersionId'), reply.all('IsLatest')]).toEqual([
      ['a', 'b'],
      ['null', 'null'],
      ['true', 'true'],
    ])
    expect([reply.all('NextKeyMarker'), reply.all('NextVersionIdMarker')]).toEqual([['b'], ['null']])
    const rest = await call('GET /plain?versions&delimiter=/&key-marker=b&version-id-marker=null')
    expect([rest.all('Key'), rest.all('Prefix')]).toEqual([[], ['', 'c/']])
  })

  it('lists versions and delete markers as they were made, the newest first', async () => {
    await call('PUT /mine')
    await call('PUT /mine/a%20b', { body: '1' })
    await enable('mine')
    await call('PUT /mine/a%20b', { body: '22' })
    await call('DELETE /mine/a%20b')
    await call('PUT /mine/z', { body: '333' })
    const reply = await call('GET /mine?versions&encoding-type=url')
    const rows = reply.xml().children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker')
    expect(rows.map(({ name }) => name)).toEqual(['DeleteMarker', 'Version', 'Version', 'Version'])
    expect(reply.all('Key')).toEqual(['a%20b', 'a%20b', 'a%20b', 'z'])
    expect(reply.all('IsLatest')).toEqual(['true', 'false', 'false', 'true'])
    expect(reply.all('Size')).toEqual(['2', '1', '3'])
    expect(reply.all('ID')).toEqual(Array(4).fill('1'.repeat(64)))
    expect(reply.all('VersionId')[2]).toBe('null')
    expect(await call('DELETE /mine')).toMatchObject({ status: 409 })
  })

  it('goes on between two versions of a key', async () => {
    await call('PUT /paged')
    await enable('paged')
    for (const key of ['a', 'a', 'a', 'b', 'c/d', 'c/e']) await call(`PUT /paged/${key}`, { body: 'x' })
    const seen: string[] = []
    for (let query = ''; ; ) {
      const reply = await call(`GET /paged?versions&delimiter=/&max-keys=2${query}`)
      seen.push(...reply.all('Key'), ...reply.all('Prefix').slice(1))
      const [[key], [id]] = [reply.all('NextKeyMarker'), reply.all('NextVersionIdMarker')]
      if (reply.all('IsTruncated')[0] === 'false') break
      query = `&key-marker=${key}&version-id-marker=${id}`
    }
    expect(seen).toEqual(['a', 'a', 'a', 'b', 'c/'])
  })

  it('takes markers as each cloud does', async () => {
    const codes = async (query: string) => (await call(`GET /mine?versions${query}`)).all('Code')
    const isAws = fidelity === 'aws'
    expect(await codes('&version-id-marker=null')).toEqual(isAws ? ['InvalidArgument'] : [])
    expect(await codes('&key-marker=a&version-id-marker=none')).toEqual(isAws ? ['InvalidArgument'] : [])
    expect(await codes('&key-marker=a&version-id-marker=')).toEqual([])
  })
})
