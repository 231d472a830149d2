import { describe, expect, it } from 'vitest'
import { servedS3 } from './service.test.support.ts'

const never = `${'0'.repeat(32)}5`

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { s3, call } = servedS3(fidelity)
  const isAws = fidelity === 'aws'
  const idOf = async (line: string, asked?: Parameters<typeof call>[1]) => {
    const { status, headers } = await call(line, asked)
    expect(status).toBeLessThan(300)
    return headers['x-amz-version-id']
  }
  const complete = async (key: string) => {
    const [id] = (await call(`POST ${key}?uploads`)).all('UploadId')
    const { headers } = await call(`PUT ${key}?partNumber=1&uploadId=${id}`, { body: 'x' })
    const part = `<Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part>`
    const body = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`
    return idOf(`POST ${key}?uploadId=${id}`, { body })
  }
  const post = (key: string) =>
    idOf('POST /mine', {
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: [
        ['key', key],
        ['file', 'x'],
      ]
        .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
        .concat('--b--\r\n')
        .join(''),
    })
  const copied = async (key: string, source: string) => {
    const { headers } = await call(`PUT ${key}`, { headers: { 'x-amz-copy-source': source } })
    return [headers['x-amz-version-id'], headers['x-amz-copy-source-version-id']]
  }
  const grant = { headers: { 'x-amz-acl': 'public-read' } }

  it('tells the id of what was made and of what is read', async () => {
    await call('PUT /mine')
    expect(await idOf('PUT /mine/old', { body: 'old' })).toBeUndefined()
    expect(await idOf('GET /mine/old')).toBeUndefined()
    await s3().store.changeBucket('mine', () => ({ versioning: 'Enabled' }))
    const id = await idOf('PUT /mine/key', { body: 'new' })
    expect(id).toMatch(/^[0-9a-f]{33}$/)
    for (const line of ['GET /mine/key', 'HEAD /mine/key', `GET /mine/key?versionId=${id}`])
      expect(await idOf(line)).toBe(id)
    for (const line of ['GET /mine/old', 'HEAD /mine/old?versionId=null'])
      expect(await idOf(line)).toBe(isAws ? 'null' : undefined)
    expect(await idOf('GET /mine/key?acl')).toBe(isAws ? id : undefined)
    expect(await idOf('PUT /mine/key?acl', grant)).toBe(id)
    expect(await idOf('PUT /mine/old?acl', grant)).toBe('null')
    expect(await copied('/mine/copy', `/mine/key?versionId=${id}`)).toEqual([
      expect.stringMatching(/^[0-9a-f]{33}$/),
      id,
    ])
    expect((await copied('/mine/copy', '/mine/old'))[1]).toBe(isAws ? 'null' : undefined)
    expect(await post('posted')).toMatch(/^[0-9a-f]{33}$/)
    expect(await complete('/mine/parts')).toEqual(isAws ? expect.stringMatching(/^[0-9a-f]{33}$/) : undefined)
    await s3().store.changeBucket('mine', () => ({ versioning: 'Suspended' }))
    expect(await idOf('PUT /mine/key', { body: 'null' })).toBeUndefined()
  })

  it('finds old versions for reading, copying and their ACL', async () => {
    await call('PUT /kept')
    await s3().store.changeBucket('kept', () => ({ versioning: 'Enabled' }))
    const old = await idOf('PUT /kept/key', { body: 'old' })
    await call('PUT /kept/key', { body: 'new' })
    const at = `/kept/key?versionId=${old}`
    expect((await call(`GET ${at}`)).text).toBe('old')
    expect((await call('GET /kept/key')).text).toBe('new')
    await call(`PUT /kept/key?acl&versionId=${old}`, grant)
    expect(await call(`GET ${at}`, { as: 'anonymous' })).toMatchObject({ status: 200 })
    expect(await call('GET /kept/key', { as: 'anonymous' })).toMatchObject({ status: 403 })
    await call('PUT /kept/key', { headers: { 'x-amz-copy-source': at } })
    expect((await call('GET /kept/key')).text).toBe('old')
    const [upload] = (await call('POST /kept/parts?uploads')).all('UploadId')
    const part = await call(`PUT /kept/parts?partNumber=1&uploadId=${upload}`, { headers: { 'x-amz-copy-source': at } })
    expect([part.status, part.headers['x-amz-copy-source-version-id']]).toEqual([200, old])
  })

  it('tells of delete markers as its cloud does', async () => {
    await call('PUT /hidden')
    await s3().store.changeBucket('hidden', () => ({ versioning: 'Enabled' }))
    await call('PUT /hidden/key', { body: 'x' })
    const marker = await idOf('DELETE /hidden/key')
    const told = async (line: string) => {
      const { status, headers } = await call(line)
      return [status, headers['x-amz-delete-marker'], headers['x-amz-version-id']]
    }
    const [plain, told404, told405] = [
      [404, undefined, undefined],
      [404, 'true', marker],
      [405, 'true', marker],
    ]
    for (const method of ['GET', 'HEAD']) {
      expect(await told(`${method} /hidden/key`)).toEqual(isAws ? told404 : plain)
      expect(await told(`${method} /hidden/key?versionId=${marker}`)).toEqual(isAws ? told405 : plain)
      expect(await told(`${method} /hidden/none`)).toEqual(isAws ? [404, 'false', undefined] : plain)
    }
    expect((await call(`GET /hidden/key?versionId=${marker}`)).all('Code')).toEqual([
      isAws ? 'MethodNotAllowed' : 'NoSuchKey',
    ])
  })

  it.each([
    [`/mine/old?versionId=${never}`, 'NoSuchKey', 'NoSuchVersion'],
    ['/mine/old?versionId=none', 'NoSuchKey', 'InvalidArgument'],
    [`/mine/old?versionId=${'f'.repeat(44)}`, 'NoSuchKey', 'NoSuchVersion'],
    [`/mine/old?versionId=${'f'.repeat(45)}`, 'NoSuchKey', 'InvalidArgument'],
    ['/mine/old?versionId=', undefined, 'InvalidArgument'],
  ])('GET %s', async (path, eucalyptus, aws) => {
    const reply = await call(`GET ${path}`)
    expect(reply.status === 200 ? undefined : reply.all('Code')[0]).toBe(isAws ? aws : eucalyptus)
  })
})
