import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { servedS3 } from './service.test.support.ts'

const { call, s3 } = servedS3()

describe('the operations', () => {
  it('are named as their files, and each has its test', async () => {
    const here = fileURLToPath(new URL('.', import.meta.url))
    const files = (await readdir(here, { recursive: true })).map((file) => basename(file))
    const names = [...s3().service.operations.keys()].sort()
    expect(files.filter((file) => /^[A-Z][A-Za-z0-9]*\.ts$/.test(file)).sort()).toEqual(
      names.map((name) => `${name}.ts`),
    )
    expect(names.filter((name) => !files.includes(`${name}.test.ts`))).toEqual([])
    expect(names.length).toBeGreaterThan(20)
  })

  it('have a route each', () => {
    const routes = [...s3().service.operations.values()].map(({ route }) => JSON.stringify(route))
    expect(new Set(routes).size).toBe(routes.length)
  })
})

describe('requests that no operation claims', () => {
  it.each([
    ['PUT /', 405, 'MethodNotAllowed'],
    ['PATCH /mine/key', 405, 'MethodNotAllowed'],
    ['DELETE /mine/key?acl', 405, 'MethodNotAllowed'],
    ['GET /mine/key?tagging', 405, 'MethodNotAllowed'],
    ['PUT /mine/key?retention', 405, 'MethodNotAllowed'],
    ['POST /mine/key?select&select-type=2', 405, 'MethodNotAllowed'],
    ['POST /mine', 400, 'MalformedPOSTRequest'],
    ['OPTIONS /mine/key', 400, 'BadRequest'],
    ['GET /mine?cors', 404, 'NoSuchCORSConfiguration'],
    ['GET /mine?lifecycle', 404, 'NoSuchLifecycleConfiguration'],
    ['GET /mine?tagging', 404, 'NoSuchTagSet'],
    ['GET /mine?policy', 404, 'NoSuchBucketPolicy'],
    ['GET /mine?website', 404, 'NoSuchWebsiteConfiguration'],
    ['GET /mine?replication', 404, 'ReplicationConfigurationNotFoundError'],
    ['GET /mine?object-lock', 404, 'ObjectLockConfigurationNotFoundError'],
    ['GET /mine?encryption', 404, 'ServerSideEncryptionConfigurationNotFoundError'],
    ['GET /mine?metrics', 501, 'NotImplemented'],
    ['PUT /mine?logging', 501, 'NotImplemented'],
    ['GET /none?cors', 404, 'NoSuchBucket'],
    ['GET //key', 400, 'InvalidURI'],
    ['GET /mine/%ff', 400, 'InvalidURI'],
    [`GET /mine/${'x'.repeat(1025)}`, 400, 'KeyTooLong'],
    [`GET /${'x'.repeat(3000)}/key`, 404, 'NoSuchBucket'],
    [`GET /mine?prefix=${'x'.repeat(3000)}`, 200, undefined],
  ])('%s: %i %s', async (line, status, code) => {
    await call('PUT /mine')
    const reply = await call(line)
    expect(reply.status).toBe(status)
    if (code) expect(reply.all('Code')).toEqual([code])
  })

  it.each([
    ['logging', 'BucketLoggingStatus'],
    ['accelerate', 'AccelerateConfiguration'],
    ['notification', 'NotificationConfiguration'],
    ['requestPayment', 'RequestPaymentConfiguration'],
    ['versioning', 'VersioningConfiguration'],
  ])('GET ?%s is an empty %s', async (sub, root) => {
    await call('PUT /mine')
    const reply = await call(`GET /mine?${sub}`)
    expect([reply.status, reply.xml().name]).toEqual([200, root])
    expect(await call(`GET /mine?${sub}`, { as: 'bob' })).toMatchObject({ status: 403 })
  })
})

describe('an error', () => {
  it('is a document without a name space', async () => {
    const reply = await call('GET /none/key')
    expect(reply.headers).toMatchObject({ 'content-type': 'application/xml', 'x-amz-request-id': 'request-1' })
    expect(reply.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code>' +
        '<Message>The specified bucket does not exist.</Message><Resource>/none/key</Resource>' +
        '<RequestId>request-1</RequestId></Error>',
    )
  })

  it('has no body for HEAD', async () => {
    expect(await call('HEAD /none/key')).toMatchObject({ status: 404, text: '' })
  })

  it('of a body too large leaves the connection usable', async () => {
    await call('PUT /mine')
    const reply = await call('PUT /mine?acl', { body: Buffer.alloc(310_000) })
    expect(reply.all('Code')).toEqual(['MaxMessageLengthExceeded'])
    expect(await call('PUT /none/key', { body: Buffer.alloc(3_000_000) })).toMatchObject({ status: 404 })
    expect(await call('GET /mine')).toMatchObject({ status: 200 })
  })

  it('of our own is logged, and answered as InternalError', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue()
    const broken = vi.spyOn(s3().store, 'listBuckets').mockRejectedValue(new TypeError('a mistake'))
    const reply = await call('GET /')
    expect([reply.status, reply.all('Code'), reply.text.includes('a mistake')]).toEqual([500, ['InternalError'], false])
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.any(TypeError))
    broken.mockRestore()
    logged.mockRestore()
  })

  it('in the middle of an object breaks the connection off', async () => {
    await call('PUT /mine')
    await call('PUT /mine/lost', { body: Buffer.alloc(100_000) })
    const logged = vi.spyOn(console, 'error').mockReturnValue()
    await rm(join(s3().folder, 'files'), { recursive: true })
    await expect(call('GET /mine/lost')).rejects.toThrow()
    expect(logged).toHaveBeenCalledOnce()
    logged.mockRestore()
  })
})
