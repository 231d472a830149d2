import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { s3Request } from '../client/s3.ts'
import { startEmulator } from '../index.ts'
import { examineData } from './fsck.ts'

/** The data folder of an Object Storage that has stopped, with one object. */
async function stoppedStorage(): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'fsck-command-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  const emulator = await startEmulator({ data, port: 0, services: 's3' })
  const target = { ...emulator.credentials, endpoint: emulator.url, region: 'eucalyptus' }
  await s3Request(target, { method: 'PUT', path: '/bucket' })
  await s3Request(target, { method: 'PUT', path: '/bucket/key', body: 'x'.repeat(100_000) })
  await expect(examineData({ data, repair: false, json: false })).rejects.toThrow(/is in use by process/)
  await emulator.stop()
  return data
}

test('says what is wrong and left so, as text and as JSON, and mends it when told to', async () => {
  const data = await stoppedStorage()
  const examined = (options: { repair?: boolean; json?: boolean } = {}) =>
    examineData({ data, repair: false, json: false, ...options })
  expect(await examined()).toEqual({ ok: true, text: '1 objects and parts, 98 KiB: all is well\n' })
  const root = join(data, 'objects', 'files')
  const [file] = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  rmSync(join(file?.parentPath ?? '', file?.name ?? ''))
  const { ok, text } = await examined()
  expect([ok, text]).toEqual([
    false,
    expect.stringMatching(
      /^DAMAGED {2}missing {3}object bucket\/key: .*\n1 objects and parts, 98 KiB: 1 damaged, 1 left so\n$/,
    ),
  ])
  expect(JSON.parse((await examined({ json: true })).text)).toMatchObject({
    records: 1,
    bytes: 100_000,
    leftovers: 0,
    damage: [{ kind: 'missing', what: 'object bucket/key', repaired: false }],
  })
  expect(await examined({ repair: true })).toEqual({ ok: true, text: expect.stringMatching(/^repaired missing/) })
  expect((await examined()).text).toBe('0 objects and parts, 0 bytes: all is well\n')
})
