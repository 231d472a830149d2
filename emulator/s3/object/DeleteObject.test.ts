import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { s3, call } = servedS3(fidelity)
  const isAws = fidelity === 'aws'
  const set = (name: string, versioning: 'Enabled' | 'Suspended') =>
    s3().store.changeBucket(name, () => ({ versioning }))
  const told = ({ status, headers }: Awaited<ReturnType<typeof call>>) => [
    status,
    headers['x-amz-version-id'],
    headers['x-amz-delete-marker'],
  ]

  it('removes an object, whether or not it is there', async () => {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'x' })
    for (const _ of 'ab') expect(told(await call('DELETE /mine/key'))).toEqual([204, undefined, undefined])
    expect(await call('GET /mine/key')).toMatchObject({ status: 404 })
    expect((await call('DELETE /none/key')).all('Code')).toEqual(['NoSuchBucket'])
    expect(await call('DELETE /mine/key', { as: 'bob' })).toMatchObject({ status: 403 })
  })

  it('hides an object behind a delete marker, and shows it again without that', async () => {
    await call('PUT /versioned')
    await set('versioned', 'Enabled')
    const first = (await call('PUT /versioned/key', { body: 'first' })).headers['x-amz-version-id']
    const deleted = await call('DELETE /versioned/key')
    const marker = deleted.headers['x-amz-version-id']
    expect(told(deleted)).toEqual([204, expect.stringMatching(/^[0-9a-f]{33}$/), 'true'])
    expect(await call('GET /versioned/key')).toMatchObject({ status: 404 })
    expect(told(await call(`DELETE /versioned/key?versionId=${marker}`))).toEqual([204, marker, 'true'])
    expect(await call('GET /versioned/key')).toMatchObject({ status: 200, text: 'first' })
    expect(told(await call(`DELETE /versioned/key?versionId=${first}`))).toEqual([204, first, undefined])
    expect(await call('DELETE /versioned')).toMatchObject({ status: 204 })
  })

  it('replaces the null version by a marker while versioning is suspended', async () => {
    await call('PUT /suspended')
    await call('PUT /suspended/key', { body: 'x' })
    await set('suspended', 'Suspended')
    for (const _ of 'ab') expect(told(await call('DELETE /suspended/key'))).toEqual([204, 'null', 'true'])
    expect((await call('GET /suspended?versions')).all('VersionId')).toEqual(['null'])
    expect(told(await call('DELETE /suspended/key?versionId=null'))).toEqual([204, 'null', 'true'])
  })

  it('has its cloud’s idea of what was never there', async () => {
    await call('PUT /gone')
    await set('gone', 'Enabled')
    const never = `${'0'.repeat(32)}7`
    const reply = await call(`DELETE /gone/key?versionId=${never}`)
    expect(isAws ? told(reply) : reply.all('Code')).toEqual(isAws ? [204, never, undefined] : ['InvalidArgument'])
    expect((await call('DELETE /gone/key?versionId=x')).all('Code')).toEqual(['InvalidArgument'])
    expect(told(await call('DELETE /gone/key')).slice(2)).toEqual(isAws ? ['true'] : [undefined])
    expect((await call('GET /gone?versions')).all('DeleteMarker')).toHaveLength(isAws ? 1 : 0)
  })

  it('removes versions for the owner of the bucket alone, though others may write', async () => {
    await call('PUT /shared', { headers: { 'x-amz-acl': 'public-read-write' } })
    await set('shared', 'Enabled')
    const put = await call('PUT /shared/key', { as: 'bob', body: 'x' })
    const version = `/shared/key?versionId=${put.headers['x-amz-version-id']}`
    expect(await call(`DELETE ${version}`, { as: 'bob' })).toMatchObject({ status: 403 })
    expect(await call('DELETE /shared/key', { as: 'bob' })).toMatchObject({ status: 204 })
    const markers = (await call('GET /shared?versions')).xml().children.filter(({ name }) => name === 'DeleteMarker')
    expect(JSON.stringify(markers)).toContain('2'.repeat(64))
    expect(await call(`DELETE ${version}`)).toMatchObject({ status: 204 })
  })
})
