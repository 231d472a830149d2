import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { encryption, newSecret } from '../src/bundle/cipher.ts'
import { writeManifest } from '../src/bundle/manifest-writer.ts'
import { archive } from '../src/bundle/tar.ts'
import { testCloud, theText, told } from './cloud.harness.ts'
import { cannedAcl } from './objects/acl.ts'

/**
 * What a bundler can do who knows the cloud's certificate (threats.md, malicious bundle): whatever is encrypted, wrapped
 * or said, the registration is refused or the launch fails with a reason, and nothing is left of it.
 */
const it = await testCloud()
afterAll(it.close)
vi.spyOn(console, 'error').mockImplementation(() => undefined)

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')
const image = randomBytes(50_000)
const pieces: Uint8Array[] = []
for await (const piece of archive('image', image.length, Readable.from([image]))) pieces.push(piece)
const plain = Buffer.concat(pieces)

/** The archive with other fields in its header, whose sum is right again. */
function header(fields: Readonly<Record<number, string>>): Buffer {
  const tar = Buffer.from(plain)
  for (const [at, text] of Object.entries(fields)) tar.write(text, Number(at), 'latin1')
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1')
  return tar
}

/** A member in GNU tar's sparse form: `at` and `length` of its pieces, its stored bytes and those with its holes. */
function sparse(map: readonly (readonly [at: number, length: number])[], stored: number, size: number): Buffer {
  const number = (value: number) => `${value.toString(8).padStart(11, '0')}\x00`
  const entries = map.map(([at, length], index) => [386 + 24 * index, number(at) + number(length)])
  return header({ 124: number(stored), 156: 'S', 483: number(size), ...Object.fromEntries(entries) })
}

interface Forgery {
  readonly tar?: Buffer
  readonly gzip?: Buffer
  readonly size?: number
  /** Changes the encrypted stream before it is cut and described. */
  readonly encrypted?: (bytes: Buffer) => Buffer
  /** Changes the parts after they were described. */
  readonly parts?: (parts: Buffer[]) => Buffer[]
  readonly edit?: (manifest: string) => string
}

const owner = { accountId: it.administrator.accountId, canonicalId: '' }
const grants = cannedAcl('aws-exec-read', owner)
if (!grants) throw new Error('there is no such ACL')
await it.cloud.objects.createBucket({ name: 'hostile', acl: grants, location: '' })
const put = (key: string, bytes: Buffer) =>
  it.cloud.objects.putObject({
    ...{ bucket: 'hostile', key, acl: grants, headers: {}, metadata: {} },
    body: Readable.from([bytes]),
  })

/** Stores a forged bundle; resolves with the location of its manifest. */
async function store(forgery: Forgery): Promise<string> {
  const { tar = plain, gzip = gzipSync(tar), size = image.length, edit = (text) => text } = forgery
  const secret = newSecret()
  const cipher = encryption(secret)
  const whole = Buffer.concat([cipher.update(gzip), cipher.final()])
  const bytes = forgery.encrypted?.(whole) ?? whole
  const step = Math.ceil(bytes.length / 4)
  const parts = [0, 1, 2, 3].map((index) => bytes.subarray(index * step, (index + 1) * step))
  const described = parts.map((part, index) => ({ filename: `x.part.0${index}`, sha1: sha1(part), size: part.length }))
  const folder = it.cloud.ids.uuid()
  for (const [index, part] of (forgery.parts?.(parts) ?? parts).entries()) await put(`${folder}/x.part.0${index}`, part)
  const set = { name: 'x', size, bundledSize: bytes.length, digest: sha1(tar), secret, parts: described }
  const cloudCertificate = readFileSync(it.cloud.files.cloudCertificate, 'utf8')
  const { accountId } = it.administrator
  const manifest = writeManifest(set, { accountId, kind: 'machine', architecture: 'x86_64', cloudCertificate })
  await put(`${folder}/x.manifest.xml`, Buffer.from(edit(manifest)))
  return `hostile/${folder}/x.manifest.xml`
}

const register = (ImageLocation: string) => ({
  ...{ ImageLocation, Name: it.cloud.ids.uuid(), VirtualizationType: 'hvm' },
})
const zeros = gzipSync(Buffer.alloc(2 ** 28))
const swap = (text: string | RegExp, by: string) => (manifest: string) => manifest.replace(text, by)

test('the bundle that all forgeries start from runs, and so does one whose member has a path', async () => {
  for (const forgery of [{}, { tar: header({ 0: '../../../etc/cron.d/x\x00' }) }]) {
    const ImageId = theText(await it.call('RegisterImage', register(await store(forgery))), 'imageId')
    const id = await it.run({ ImageId })
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
  }
})

describe('fails at its launch', () => {
  test.each<[string, Forgery, RegExp]>([
    ['a symbolic link', { tar: header({ 156: '2', 157: '/etc/passwd' }) }, /type "2"/],
    ['a hard link', { tar: header({ 156: '1', 157: '../x' }) }, /type "1"/],
    ['a device', { tar: header({ 156: '3' }) }, /type "3"/],
    ['a folder', { tar: header({ 156: '5' }) }, /type "5"/],
    ['an extended header', { tar: header({ 156: 'x' }) }, /type "x"/],
    ['a long name', { tar: header({ 156: 'L' }) }, /type "L"/],
    ['a second member', { tar: Buffer.concat([plain.subarray(0, 50_688), plain]) }, /bytes or members behind/],
    ['a negative size', { tar: header({ 124: '-0000000001\x00' }) }, /a size that is no number/],
    ['a size of 2^95', { tar: header({ 124: '\xff'.repeat(12) }) }, /a size that is no number/],
    ['no archive', { tar: image }, /no tar header/],
    [
      'a sparse map that overlaps',
      {
        tar: sparse(
          [
            [0, 1000],
            [500, 1000],
          ],
          2000,
          50_000,
        ),
      },
      /overlap/,
    ],
    [
      'a sparse map beyond its end',
      {
        tar: sparse(
          [
            [0, 512],
            [2 ** 32, 512],
          ],
          1024,
          50_000,
        ),
      },
      /or of the image/,
    ],
    ['a bomb instead of an archive', { gzip: zeros }, /no tar header/],
    ['a bomb behind the image', { gzip: Buffer.concat([gzipSync(plain), zeros]) }, /goes on for/],
    ['an image of other bytes', { size: image.length - 1 }, /but the manifest says 49999/],
    ['an image of no bytes', { size: 0 }, /but the manifest says 0/],
    ['half a block of AES', { encrypted: (bytes) => bytes.subarray(0, -5) }, /do not decrypt/],
    ['a turned bit', { encrypted: (bytes) => bytes.fill(0, 10_000, 10_001) }, /do not decrypt|no tar|digest/],
    ['parts in another order', { parts: ([a, b, c, d]) => [b, a, c, d] as Buffer[] }, /does not have the digest/],
    ['a missing part', { parts: (parts) => parts.slice(0, 3) }, /x.part.03 does not exist/],
    ['a short last part', { parts: (parts) => parts.map((part) => part.subarray(0, -7)) }, /does not have the digest/],
    [
      'another digest of the archive',
      { edit: swap(/(<\/type><digest[^>]*>)..../, '$1beef') },
      /does not have the digest/,
    ],
    ['a key that is too short', { edit: swap(/(<ec2_encrypted_key[^>]*>)\w+/, '$1abcd') }, /does not fit/],
    ['a key of nothing', { edit: swap(/(<ec2_encrypted_key[^>]*>)\w+/, `$1${'7f'.repeat(256)}`) }, /do not decrypt/],
    ['a part that is the manifest', { edit: swap('x.part.00', 'x.manifest.xml') }, /does not have the digest/],
  ])('%s', async (_what, forgery, why) => {
    const ImageId = theText(await it.call('RegisterImage', register(await store(forgery))), 'imageId')
    const id = await it.run({ ImageId })
    await it.idle()
    const [, reason = ''] = /^terminated FAILED: .* -- \[(.*)\]$/.exec(await told(it, id)) ?? []
    expect(reason).toMatch(why)
    expect(reason).not.toContain(it.cloud.files.images)
    expect(readdirSync(it.cloud.files.images).filter((name) => name.startsWith('unpacking-'))).toEqual([])
  })
})

describe('is not registered', () => {
  const entity = '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><manifest>'
  test.each<[string, Forgery['edit']]>([
    ['an entity', (text) => text.replace('<manifest>', entity).replace('<name>x', '<name>&a;')],
    ['elements within elements', swap('</manifest>', `${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}</manifest>`)],
    ['a manifest without end', swap('</manifest>', `<a>${'x'.repeat(6_000_000)}</a></manifest>`)],
    ['2^31 parts', swap(/parts count="\d+"/, 'parts count="2147483648"')],
    ['no parts', swap(/<parts.*<\/parts>/s, '<parts count="0"></parts>')],
    ['a part elsewhere', swap('x.part.00', '../../secrets/x')],
    ['a part with a line end', swap('x.part.00', 'a&#10;b')],
    ['a size below zero', swap(/<size>\d+/, '<size>-5')],
    ['a size in other digits', swap(/<size>\d+/, '<size>5e4')],
    ['a size beyond the limit', swap(/<size>\d+/, `<size>${2 ** 49}`)],
    ['two images', swap(/(<image>.*<\/image>)/s, '$1$1')],
    ['no manifest', () => 'nonsense'],
    ['nothing', () => ' '],
  ])('%s', async (_what, edit) => {
    const location = await store(edit ? { edit } : {})
    expect(await it.refusal('RegisterImage', register(location))).toMatch(/^500 InternalFailure: /)
  })
})
