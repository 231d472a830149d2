import { beforeAll, describe, expect, it } from 'vitest'
import { type Person, servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

it('gives up an upload', async () => {
  const id = await begin('mine/key')
  await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { body: 'x' })
  expect(await call(`DELETE /mine/key?uploadId=${id}`, { as: 'bob' })).toMatchObject({ status: 403 })
  expect(await call(`DELETE /mine/key?uploadId=${id}`)).toMatchObject({ status: 204, text: '' })
  const again = await call(`DELETE /mine/key?uploadId=${id}`)
  expect([again.status, again.all('Code')]).toEqual([404, ['NoSuchUpload']])
})

describe.each([
  ['eucalyptus', servedS3(), [204, 200]],
  ['aws', servedS3('aws'), [403, 403]],
] as const)('who may write to the bucket of somebody else, in %s', (fidelity, { call: ask }, [abort, list]) => {
  const upload = async (as: Person) => (await ask('POST /shared/key?uploads', { as })).all('UploadId')[0] ?? ''
  beforeAll(async () => {
    await ask('PUT /shared')
    await ask('PUT /shared?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
  })

  it('sees and aborts the uploads of others or not', async () => {
    const id = await upload('alice')
    expect((await ask(`GET /shared/key?uploadId=${id}`, { as: 'bob' })).status).toBe(list)
    expect((await ask(`DELETE /shared/key?uploadId=${id}`, { as: 'bob' })).status).toBe(abort)
    expect((await ask(`GET /shared/key?uploadId=${id}`)).status).toBe(abort === 204 ? 404 : 200)
  })

  it('sees and aborts its own, also when it may write no more, as the bucket owner does', async () => {
    const [first, second] = [await upload('bob'), await upload('bob')]
    expect((await ask(`GET /shared/key?uploadId=${first}`, { as: 'bob' })).status).toBe(200)
    expect((await ask(`DELETE /shared/key?uploadId=${first}`, { as: 'bob' })).status).toBe(204)
    expect((await ask(`DELETE /shared/key?uploadId=${first}`, { as: 'bob' })).status).toBe(404)
    await ask('PUT /shared?acl', { headers: { 'x-amz-acl': 'private' } })
    const own = fidelity === 'aws' ? 200 : 403
    expect((await ask(`GET /shared/key?uploadId=${second}`, { as: 'bob' })).status).toBe(own)
    expect((await ask(`DELETE /shared/key?uploadId=${first}`, { as: 'bob' })).status).toBe(403)
    expect((await ask(`GET /shared/key?uploadId=${second}`)).status).toBe(200)
    expect((await ask(`DELETE /shared/key?uploadId=${second}`)).status).toBe(204)
    await ask('PUT /shared?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
  })

  it('is held to the policy of the bucket', async () => {
    const id = await upload('bob')
    const policy = (effect: string, principal: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            ...{ Effect: effect, Principal: { AWS: principal }, Resource: 'arn:aws:s3:::shared/*' },
            Action: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
          },
        ],
      })
    await ask('PUT /shared?policy', { body: policy('Deny', '000000000002') })
    expect((await ask(`DELETE /shared/key?uploadId=${id}`, { as: 'bob' })).status).toBe(403)
    await ask('PUT /shared?policy', { body: policy('Allow', '000000000002') })
    const other = await upload('alice')
    expect((await ask(`GET /shared/key?uploadId=${other}`, { as: 'bob' })).status).toBe(200)
    expect((await ask(`DELETE /shared/key?uploadId=${other}`, { as: 'bob' })).status).toBe(204)
    await ask('DELETE /shared?policy')
    expect((await ask(`DELETE /shared/key?uploadId=${id}`)).status).toBe(204)
  })

  it('begins none without a name in AWS', async () => {
    const { status, all } = await ask('POST /shared/key?uploads', { as: 'anonymous' })
    const refused = 'Anonymous users cannot initiate multipart uploads. Please authenticate.'
    expect([status, all('Message')]).toEqual(fidelity === 'aws' ? [403, [refused]] : [200, []])
  })
})
