import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { bundle, type Part, type PartSet } from './bundler.ts'
import { newSecret, unwrap } from './cipher.ts'
import { readManifest } from './manifest.ts'
import { writeManifest } from './manifest-writer.ts'
import { unbundle } from './unbundler.ts'

function keyPair(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
const cloud = keyPair()
const user = keyPair()
const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function* inChunks(bytes: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function bundled(image: Buffer, partSize: number): Promise<{ set: PartSet; parts: Map<string, Buffer> }> {
  const parts = new Map<string, Buffer>()
  const keep = async ({ filename, bytes }: Part) => void parts.set(filename, bytes)
  const set = await bundle(inChunks(image), { name: 'image', size: image.length, partSize }, keep)
  return { set, parts }
}

function manifestOf(set: PartSet): string {
  return writeManifest(set, {
    accountId: '0000-1111-2222',
    kind: 'machine',
    architecture: 'x86_64',
    cloudCertificate: cloud.publicKey,
    userCertificate: user.publicKey,
    userPrivateKey: user.privateKey,
  })
}

async function unbundled(text: string, parts: Map<string, Buffer>, privateKey: string, iv: 'cloud' | 'user') {
  const manifest = readManifest(text)
  const { encrypted } = manifest
  const secret = {
    key: unwrap(iv === 'cloud' ? encrypted.cloudKey : encrypted.userKey, privateKey),
    iv: unwrap(iv === 'cloud' ? encrypted.cloudIv : encrypted.userIv, privateKey),
  }
  const chunks: Uint8Array[] = []
  await unbundle(manifest, { secret, open: async ({ filename }) => inChunks(parts.get(filename)!) }, async (image) => {
    for await (const chunk of image) chunks.push(chunk)
  })
  return Buffer.concat(chunks)
}

function sample(size: number): Buffer {
  return Buffer.concat([randomBytes(Math.ceil(size / 2)), Buffer.alloc(Math.floor(size / 2))])
}

test.each([0, 1, 511, 512, 513, 9_216, 9_728, 65_536, 300_001])(
  'an image of %i bytes survives bundling, manifest and unbundling, by the key of the cloud and of the user',
  async (size) => {
    const image = sample(size)
    const { set, parts } = await bundled(image, 16_384)
    const text = manifestOf(set)
    expect(image.equals(await unbundled(text, parts, cloud.privateKey, 'cloud'))).toBe(true)
    expect(image.equals(await unbundled(text, parts, user.privateKey, 'user'))).toBe(true)
  },
)

test('any size and any part size survive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 80_000 }),
      fc.integer({ min: 16, max: 40_000 }),
      async (size, partSize) => {
        const image = sample(size)
        const { set, parts } = await bundled(image, partSize)
        expect([...parts.values()].slice(0, -1).every(({ length }) => length === partSize)).toBe(true)
        expect(image.equals(await unbundled(manifestOf(set), parts, cloud.privateKey, 'cloud'))).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

test('a bundle whose parts are all full has no empty part and survives', async () => {
  const image = sample(40_000)
  const first = await bundled(image, 1_000_000)
  const { set, parts } = await bundled(image, first.set.bundledSize / 16)
  const sizes = set.parts.map(({ size }) => size)
  expect(new Set(sizes)).toEqual(new Set([first.set.bundledSize / 16]))
  expect(image.equals(await unbundled(manifestOf(set), parts, cloud.privateKey, 'cloud'))).toBe(true)
})

test('an empty last part, as euca2ools makes it, is read', async () => {
  const image = sample(1000)
  const { set, parts } = await bundled(image, 1_000_000)
  parts.set('image.part.01', Buffer.alloc(0))
  const empty = { filename: 'image.part.01', sha1: createHash('sha1').digest('hex'), size: 0 }
  const text = manifestOf({ ...set, parts: [...set.parts, empty] })
  expect(image.equals(await unbundled(text, parts, cloud.privateKey, 'cloud'))).toBe(true)
})

/** Runs a command line tool on the bytes; its failure fails the test. */
function run(command: string, args: string[], input: Buffer): Buffer {
  return execFileSync(command, args, { input, maxBuffer: 2 ** 24, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
}

function field(text: string, name: string): Buffer {
  return Buffer.from(new RegExp(`<${name}[^>]*>([0-9a-f]*)<`).exec(text)?.[1] ?? '', 'hex')
}

test('openssl, gzip and tar read our bundle', async () => {
  const image = sample(100_000)
  const { set, parts } = await bundled(image, 20_000)
  const text = manifestOf(set)
  writeFileSync(join(folder, 'cloud.pem'), cloud.privateKey)
  writeFileSync(join(folder, 'user.pem'), user.publicKey)
  writeFileSync(join(folder, 'signature'), field(text, 'signature'))
  const unwrapped = (name: string) =>
    run('openssl', ['pkeyutl', '-decrypt', '-inkey', 'cloud.pem'], field(text, name)).toString()
  const secret = ['-K', unwrapped('ec2_encrypted_key'), '-iv', unwrapped('ec2_encrypted_iv')]
  const gzip = run('openssl', ['enc', '-d', '-aes-128-cbc', ...secret], Buffer.concat([...parts.values()]))
  const tar = run('gzip', ['-d'], gzip)
  expect(createHash('sha1').update(tar).digest('hex')).toBe(/<digest algorithm="SHA1">(\w+)</.exec(text)?.[1])
  expect(run('tar', ['-t'], tar).toString()).toBe('image\n')
  expect(image.equals(run('tar', ['-xO'], tar))).toBe(true)
  const signed = /<machine_configuration>.*<\/machine_configuration><image>.*<\/image>/.exec(text)?.[0] ?? ''
  const verdict = run(
    'openssl',
    ['dgst', '-sha1', '-verify', 'user.pem', '-signature', 'signature'],
    Buffer.from(signed),
  )
  expect(verdict.toString()).toBe('Verified OK\n')
})

test.each(['ustar', 'gnu'])('a bundle made by tar (%s), gzip and openssl is read', async (format) => {
  const image = sample(70_000)
  const secret = newSecret()
  writeFileSync(join(folder, 'disk.img'), image)
  const tar = run('tar', ['-c', `--format=${format}`, 'disk.img'], Buffer.alloc(0))
  const gzip = run('gzip', ['-9'], tar)
  const bytes = run('openssl', ['enc', '-aes-128-cbc', '-K', secret.key, '-iv', secret.iv], gzip)
  const sha1 = (data: Buffer) => createHash('sha1').update(data).digest('hex')
  const part = { filename: 'disk.img.part.00', sha1: sha1(bytes), size: bytes.length }
  const set = {
    name: 'disk.img',
    size: image.length,
    bundledSize: bytes.length,
    digest: sha1(tar),
    secret,
    parts: [part],
  }
  expect(
    image.equals(await unbundled(manifestOf(set), new Map([[part.filename, bytes]]), cloud.privateKey, 'cloud')),
  ).toBe(true)
})
