import { createHash, generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { writeManifest } from '../../src/bundle/manifest-writer.ts'
import { type BundleSource, findManifest } from './bundle-source.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const text = writeManifest(
  {
    name: 'disk',
    size: 1234,
    bundledSize: 2000,
    digest: 'a'.repeat(40),
    secret: { key: '0'.repeat(32), iv: '1'.repeat(32) },
    parts: [{ filename: 'disk.part.00', sha1: 'b'.repeat(40), size: 2000 }],
  },
  {
    accountId: '000011112222',
    kind: 'machine',
    architecture: 'x86_64',
    cloudCertificate: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  },
)
const objects = new Map<string, Buffer>([
  ['images/a/disk.manifest.xml', Buffer.from(text)],
  ['images/a//b', Buffer.from(text)],
  ['images/largest', Buffer.from(text.padEnd(5 * 1024 * 1024))],
  ['images/huge', Buffer.from(text.padEnd(5 * 1024 * 1024 + 1))],
  ['images/latin1', Buffer.from('<manifest>\xe9</manifest>', 'latin1')],
  ['images/text', Buffer.from('hello')],
])
const source: BundleSource = {
  async read(bucket, key) {
    if (key === 'private') return 'denied'
    const found = objects.get(`${bucket}/${key}`)
    return found ? { size: found.length, body: Readable.from([found], { objectMode: false }) } : 'missing'
  },
}

test.each([
  ['images/a/disk.manifest.xml', 'a/disk.manifest.xml'],
  ['/images/a/disk.manifest.xml', 'a/disk.manifest.xml'],
  ['images/a//b', 'a//b'],
])('%s is found, with its text and digest', async (location, key) => {
  const found = await findManifest(source, location)
  expect(found).toMatchObject({ bucket: 'images', key, text, manifest: { name: 'disk', size: 1234 } })
  expect(found.sha256).toBe(createHash('sha256').update(text).digest('hex'))
})

test('a manifest of 5 MiB is read', async () => {
  expect((await findManifest(source, 'images/largest')).manifest.name).toBe('disk')
})

test.each([
  ['', 'location'],
  ['/', 'location'],
  ['bucket', 'location'],
  ['bucket/', 'location'],
  ['b/key', 'location'],
  ['images/nothing', 'missing'],
  ['nowhere/a/disk.manifest.xml', 'missing'],
  ['images/private', 'denied'],
  ['images/huge', 'too-big'],
  ['images/latin1', 'malformed'],
  ['images/text', 'malformed'],
])('%j cannot be read: %s', async (location, kind) => {
  await expect(findManifest(source, location)).rejects.toMatchObject({ name: 'ManifestUnreadable', kind })
})

test('an error of the object storage comes out as it is', async () => {
  const failure = new Error('the index is closed')
  await expect(findManifest({ read: () => Promise.reject(failure) }, 'images/x')).rejects.toBe(failure)
})
