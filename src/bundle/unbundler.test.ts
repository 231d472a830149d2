import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type BundleSecret, encryption, newSecret } from './cipher.ts'
import { largestPart, type Manifest, type ManifestPart } from './manifest.ts'
import { BundleRefused } from './refusal.ts'
import { archive } from './tar.ts'
import { unbundle } from './unbundler.ts'

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')
const secret = newSecret()
const image = randomBytes(40_000)

interface Forged {
  manifest: Manifest
  parts: Map<string, Buffer>
  secret: BundleSecret
}

async function tarOf(bytes: Buffer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  async function* once() {
    yield bytes
  }
  for await (const chunk of archive('image', bytes.length, once())) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function encrypt(gzip: Buffer): Buffer {
  const cipher = encryption(secret)
  return Buffer.concat([cipher.update(gzip), cipher.final()])
}

/** A bundle whose outer layers are right, whatever is inside: what a hostile bundler can make. */
function forge(
  tar: Buffer,
  size: number,
  { gzip = gzipSync(tar) as Buffer, bytes = encrypt(gzip), digest = sha1(tar) } = {},
): Forged {
  const parts = new Map<string, Buffer>()
  const partSize = 5000
  for (let at = 0; at < bytes.length; at += partSize) {
    parts.set(`image.part.0${parts.size}`, bytes.subarray(at, at + partSize))
  }
  const manifest: Manifest = {
    name: 'image',
    accountId: '000011112222',
    kind: 'machine',
    blockDeviceMapping: [],
    productCodes: [],
    ancestorImageIds: [],
    digest,
    size,
    bundledSize: bytes.length,
    encrypted: { cloudKey: '', cloudIv: '', userKey: '', userIv: '' },
    parts: [...parts].map(([filename, data]) => ({ filename, sha1: sha1(data) })),
  }
  return { manifest, parts, secret }
}

async function run({ manifest, parts, secret }: Forged, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const open = async ({ filename }: ManifestPart) => Readable.from([parts.get(filename) ?? Buffer.alloc(0)])
  await unbundle(manifest, { secret, open, ...(signal && { signal }) }, async (stream) => {
    for await (const chunk of stream) chunks.push(chunk)
  })
  return Buffer.concat(chunks)
}

const good = forge(await tarOf(image), image.length)
const tar = await tarOf(image)
const compressed = gzipSync(tar)

function withManifest(change: Partial<Manifest>): Forged {
  return { ...good, manifest: { ...good.manifest, ...change } }
}

function withPart(index: number, change: (bytes: Buffer) => Buffer, fixDigest: boolean): Forged {
  const filename = good.manifest.parts[index]!.filename
  const bytes = change(Buffer.from(good.parts.get(filename)!))
  const digest = fixDigest ? { sha1: sha1(bytes) } : {}
  const parts = good.manifest.parts.map((part, at) => (at === index ? { ...part, ...digest } : part))
  const growth = bytes.length - good.parts.get(filename)!.length
  const bundledSize = good.manifest.bundledSize + (fixDigest ? growth : 0)
  return {
    ...good,
    parts: new Map([...good.parts, [filename, bytes]]),
    manifest: { ...good.manifest, parts, bundledSize },
  }
}

function flipped(bytes: Buffer): Buffer {
  bytes[100]! ^= 1
  return bytes
}

const [first, second, ...rest] = good.manifest.parts
const swappedBytes = new Map([...good.parts, [first!.filename, good.parts.get(second!.filename)!]])
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))

test('the forged bundle that all cases start from is good', async () => {
  expect((await run(good)).equals(image)).toBe(true)
})

describe('refused', () => {
  test.each<[string, Forged, string]>([
    [
      'a flipped bit in a part',
      withPart(0, flipped, false),
      'part image.part.00 (5000 bytes) does not have the digest',
    ],
    ['a part cut short', withPart(1, (bytes) => bytes.subarray(0, 904), false), 'part image.part.01 (904 bytes)'],
    ['a missing part', withPart(1, () => Buffer.alloc(0), false), 'part image.part.01 (0 bytes)'],
    ['stored parts swapped', { ...good, parts: swappedBytes }, 'part image.part.00 (5000 bytes)'],
    ['parts swapped in the manifest too', withManifest({ parts: [second!, first!, ...rest] }), 'do not decrypt'],
    ['a part left out', withManifest({ parts: [first!, ...rest] }), 'the parts have'],
    ['a part twice', withManifest({ parts: [first!, first!, second!, ...rest] }), 'they have more'],
    ['no parts at all', withManifest({ parts: [] }), 'the parts have'],
    ['a flipped bit, digest mended', withPart(1, flipped, true), 'do not decrypt'],
    ['half an AES block', withPart(good.parts.size - 1, (bytes) => bytes.subarray(0, -7), true), 'do not decrypt'],
    [
      'a whole AES block less',
      withPart(good.parts.size - 1, (bytes) => bytes.subarray(0, -16), true),
      'do not decrypt',
    ],
    ['another key', { ...good, secret: { ...secret, key: newSecret().key } }, 'do not decrypt'],
    ['another IV', { ...good, secret: { ...secret, iv: newSecret().iv } }, 'do not decrypt'],
    ['a smaller bundled size', withManifest({ bundledSize: good.manifest.bundledSize - 1 }), 'they have more'],
    ['a larger bundled size', withManifest({ bundledSize: good.manifest.bundledSize + 1 }), 'the parts have'],
    ['another archive digest', withManifest({ digest: sha1(Buffer.from('x')) }), 'archive does not have the digest'],
    ['a smaller image size', withManifest({ size: image.length - 1 }), 'bytes, but the manifest says 39999'],
    ['a larger image size', withManifest({ size: image.length + 1 }), 'bytes, but the manifest says 40001'],
    ['no gzip stream', forge(tar, image.length, { gzip: tar }), 'do not decrypt'],
    ['half a gzip stream', forge(tar, image.length, { gzip: compressed.subarray(0, -5000) }), 'do not decrypt'],
    ['zeros behind', forge(tar, image.length, { gzip: Buffer.concat([compressed, Buffer.alloc(90)]) }), 'bytes behind'],
    [
      'text behind',
      forge(tar, image.length, { gzip: Buffer.concat([compressed, Buffer.from('x')]) }),
      'do not decrypt',
    ],
    ['two archives', forge(tar, image.length, { gzip: Buffer.concat([compressed, compressed]) }), 'behind its image'],
    ['a bomb of zeros', forge(tar, image.length, { gzip: bomb }), 'no tar header'],
    ['a bomb behind the image', forge(tar, image.length, { gzip: Buffer.concat([compressed, bomb]) }), 'goes on for'],
    ['an archive cut short', forge(tar.subarray(0, 20_000), image.length), 'before the end'],
    ['nothing in the gzip stream', forge(Buffer.alloc(0), image.length), 'ends after 0 bytes'],
    [
      'plain parts',
      forge(tar, image.length, { bytes: compressed.subarray(0, -(compressed.length % 16)) }),
      'do not decrypt',
    ],
  ])('%s', async (_, forged, message) => {
    const reading = run(forged)
    await expect(reading).rejects.toThrow(BundleRefused)
    await expect(reading).rejects.toThrow(message)
  })

  test('a part that is larger than any part may be, after that many bytes', async () => {
    const chunk = Buffer.alloc(1024 * 1024)
    let sent = 0
    async function* endless() {
      for (;;) {
        sent += chunk.length
        yield chunk
      }
    }
    const reading = unbundle(good.manifest, { secret, open: async () => endless() }, async () => {})
    await expect(reading).rejects.toThrow('part image.part.00 is larger')
    expect(sent).toBe(largestPart + chunk.length)
  })
})

test('what the parts or the receiver throw comes out as it is', async () => {
  const failure = new Error('no more disk')
  const failing = async () => {
    throw failure
  }
  const open = async ({ filename }: ManifestPart) => Readable.from([good.parts.get(filename)!])
  await expect(unbundle(good.manifest, { secret, open: failing }, async () => {})).rejects.toBe(failure)
  await expect(unbundle(good.manifest, { secret, open }, failing)).rejects.toBe(failure)
})

test.each<[string, () => Promise<unknown>]>([
  ['at once', () => Promise.resolve()],
  ['a tick later', () => new Promise<void>((done) => process.nextTick(done))],
  ['a turn later', () => new Promise((done) => setImmediate(done))],
])('what a receiver throws %s, amid the image, is heard, however pipeline puts it', async (_, wait) => {
  const failure = new Error('no more room')
  const large = randomBytes(2_000_000)
  const forged = forge(await tarOf(large), large.length)
  const open = async ({ filename }: ManifestPart) => Readable.from([forged.parts.get(filename)!])
  for (let round = 0; round < 5; round += 1) {
    const reading = unbundle(forged.manifest, { secret, open }, async (stream) => {
      for await (const _chunk of stream) {
        await wait()
        throw failure
      }
    })
    await expect(reading).rejects.toBe(failure)
  }
})

test('an abort comes out with its reason', async () => {
  const reason = new Error('the launch was given up')
  const aborting = new AbortController()
  const open = async () => {
    aborting.abort(reason)
    return Readable.from([good.parts.get('image.part.00')])
  }
  const reading = unbundle(good.manifest, { secret, open, signal: aborting.signal }, async (stream) => {
    for await (const _ of stream);
  })
  await expect(reading).rejects.toBe(reason)
})
