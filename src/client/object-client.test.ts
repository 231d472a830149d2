import { describe, expect, test } from 'vitest'
import { objectClient } from './object-client.ts'
import type { RawRequest, RawResponse, Send } from './send.ts'

/** An object storage that answers with the statuses in turn, the last one from then on, and keeps what it was asked. */
function storage(...statuses: (number | Error)[]) {
  const asked: RawRequest[] = []
  const send: Send = async (request): Promise<RawResponse> => {
    asked.push(request)
    const status = statuses[Math.min(asked.length, statuses.length) - 1] ?? 200
    if (status instanceof Error) throw status
    const code = status === 404 ? 'NoSuchKey' : 'AccessDenied'
    const error = `<Error><Code>${code}</Code><Message>no</Message></Error>`
    return { status, headers: { etag: '"e"' }, body: Buffer.from(status < 300 ? 'bytes' : error) }
  }
  const target = { endpoint: 'http://x/services/s3', region: 'r', accessKeyId: 'A', secretAccessKey: 's', send }
  return { asked, target }
}

test('keys are escaped but for their slashes, below the path of the service', async () => {
  const { asked, target } = storage(200)
  await objectClient(target).putObject('b', "a//b c/é+'(1)*", Buffer.from('x'), 1, { 'x-amz-acl': 'private' })
  expect(asked[0]?.rawPath).toBe('/services/s3/b/a//b%20c/%C3%A9%2B%27%281%29%2A')
  expect(Object.fromEntries(asked[0]?.headers ?? [])).toMatchObject({ 'x-amz-acl': 'private' })
})

test('what is not there is no failure, all else is, with its place', async () => {
  const missing = objectClient(storage(404).target)
  expect(await missing.bucketExists('b')).toBe(false)
  expect(await missing.getObject('b', 'k', 10)).toBeUndefined()
  const denied = objectClient(storage(403).target)
  for (const refused of [denied.bucketExists('b'), denied.getObject('b', 'k', 10), denied.removeObject('b', 'k')]) {
    await expect(refused).rejects.toMatchObject({ name: 'ServiceError', code: 'AccessDenied', status: 403 })
  }
  await expect(denied.getObject('b', 'k', 10)).rejects.toThrow('b/k: GET was refused: no')
})

test('a location goes into the request for a bucket', async () => {
  const { asked, target } = storage(200)
  await objectClient(target).makeBucket('b', 'eu<1')
  await objectClient(target).makeBucket('b')
  expect(asked.map(({ body }) => body.toString())).toEqual([
    '<CreateBucketConfiguration><LocationConstraint>eu&lt;1</LocationConstraint></CreateBucketConfiguration>',
    '',
  ])
})

describe('again', () => {
  test.each<[string, (number | Error)[], number]>([
    ['after 503 and 500', [503, 500, 200], 3],
    ['after a broken connection', [new Error('reset'), 200], 2],
    ['not when it succeeded', [200], 1],
  ])('%s', async (_, statuses, times) => {
    const { asked, target } = storage(...statuses)
    expect((await objectClient(target, { retries: 2 }).getObject('b', 'k', 10))?.toString()).toBe('bytes')
    expect(asked).toHaveLength(times)
  })

  test.each<[string, (number | Error)[], number, number]>([
    ['not after a refusal', [403], 2, 1],
    ['not unless told', [503], 0, 1],
    ['no more than told', [503], 2, 3],
    ['no more than told, of broken connections', [new Error('reset')], 1, 2],
  ])('%s', async (_, statuses, retries, times) => {
    const { asked, target } = storage(...statuses)
    await expect(objectClient(target, { retries }).getObject('b', 'k', 10)).rejects.toThrow()
    expect(asked).toHaveLength(times)
  })

  test('not after an abort, whose reason comes out', async () => {
    const { asked, target } = storage(200)
    const getting = objectClient(target, { signal: AbortSignal.abort(new Error('never mind')) }).getObject('b', 'k', 1)
    await expect(getting).rejects.toThrow('never mind')
    expect(asked).toEqual([])
  })
})
