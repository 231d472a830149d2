import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { presignedUrl } from '../../../src/client/s3.ts'
import { bothClouds } from '../../cloud.harness.ts'
import { allow, assume, makeRole } from '../../sessions.harness.ts'
import { isOwnUrl, openByUrl } from './own-objects.ts'
import { importVolume, isOver, presigned, put, told, uploadOf, volumeRequest } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const body = Buffer.from('the bytes of an object')

/** What a URL opens: the object's bytes as text, or why it does not. */
async function opened(it: (typeof clouds)['aws'], url: string, method: 'GET' | 'HEAD' = 'GET'): Promise<string> {
  const found = await openByUrl(it.cloud, url, method)
  return typeof found === 'string' ? found : (await buffer(found.body())).toString()
}

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const it = clouds[fidelity]
  beforeAll(() => put(it, 'bucket', 'a//key', body))

  test.each(['127.0.0.1', 'localhost', 'LocalHost', 'front.localhost', '[::1]', '127.1.2.3'])(
    'the emulator by the name %s',
    async (host) => {
      for (const signed of ['v2', 'v4'] as const) {
        const url = presigned(it, 'GET', 'bucket', 'a//key', { host, signed })
        expect(isOwnUrl(it.cloud, url)).toBe(true)
        expect(await opened(it, url)).toBe(String(body))
        // What version 4 signs includes the name.
        const other = url.replace(/\/\/[^/]+:/, '//127.0.0.9:')
        expect(await opened(it, other)).toBe(signed === 'v2' ? String(body) : 'denied')
      }
    },
  )

  test('a bucket and the service by their own names', async () => {
    for (const [sign, time] of [
      ['v2-query', it.cloud.clock.now()],
      ['v4-query', it.cloud.clock.now()],
    ] as const) {
      const { accessKeyId } = it.administrator
      const key = { accessKeyId, secretAccessKey: it.cloud.accounts.key(accessKeyId)?.secret ?? '' }
      const sent = (host: string, path: string) =>
        presignedUrl({ ...key, region: 'x', endpoint: `http://${host}:8773` }, { method: 'GET', path, time, sign })
      const byBucket = sent('bucket.s3.localhost', sign === 'v2-query' ? '/bucket/a//key' : '/a//key')
      expect(await opened(it, byBucket.replace('/bucket/a//key', '/a//key'))).toBe(String(body))
      expect(await opened(it, sent('s3.localhost', '/bucket/a//key'))).toBe(String(body))
      expect(await opened(it, sent('s3.localhost', '/services/objectstorage/bucket/a//key'))).toBe('missing')
    }
  })

  test.each(['localhost.example', '127.0.0.1.example', '10.0.0.1', '0.0.0.0', '[::2]', 'notlocalhost'])(
    'not by the name %s',
    async (host) => {
      const url = presigned(it, 'GET', 'bucket', 'a//key', { host })
      expect(isOwnUrl(it.cloud, url)).toBe(false)
      expect(await opened(it, url)).toBe('denied')
    },
  )

  test.each(['v2', 'v4'] as const)('the key of a session, %s, opens what its role may read', async (signed) => {
    const role = `reader-${signed}`
    const session = await assume(it, await makeRole(it, role, []))
    const url = (sessionToken: string) =>
      presigned(it, 'GET', 'bucket', 'a//key', { signed, session: { ...session, sessionToken } })
    expect(await opened(it, url(session.sessionToken))).toBe('denied')
    await allow(it, role, ['s3:GetObject'])
    expect(await opened(it, url(session.sessionToken))).toBe(String(body))
    expect(await opened(it, url(`${session.sessionToken}x`))).toBe('denied')
    const { sessionToken: _, ...bare } = session
    expect(await opened(it, presigned(it, 'GET', 'bucket', 'a//key', { signed, session: bare }))).toBe('denied')
    expect(await opened(it, url(session.sessionToken), 'HEAD')).toBe('denied')
  })

  test('a whole import by another name, signed by a session', async () => {
    const session = await assume(it, await makeRole(it, 'importer', ['s3:GetObject']))
    const bytes = Buffer.alloc(700_000, 'disk')
    const upload = uploadOf(it, { bytes, session, host: 'localhost' })
    await upload.all()
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await isOver(it, id)
    expect(await told(it, id)).toMatch(/^completed/)
  })

  test('a session that is over opens nothing any more', async () => {
    const session = await assume(it, await makeRole(it, 'late', ['s3:GetObject']), { DurationSeconds: '900' })
    const url = presigned(it, 'GET', 'bucket', 'a//key', { session })
    expect(await opened(it, url)).toBe(String(body))
    await it.clock.advance(901_000)
    expect(await opened(it, url)).toBe('denied')
  })
})
