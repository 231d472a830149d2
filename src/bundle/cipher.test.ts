import { execFileSync } from 'node:child_process'
import { constants, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decryption, encryption, newSecret, sign, unwrap, verify, wrap } from './cipher.ts'
import { BundleRefused } from './refusal.ts'

function keyPair(modulusLength = 2048): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
const mine = keyPair()
const other = keyPair()
const digits = '00112233445566778899aabbccddeeff'

/** The given block encrypted as it is, padding included. */
function raw(block: Buffer): string {
  return publicEncrypt({ key: mine.publicKey, padding: constants.RSA_NO_PADDING }, block).toString('hex')
}

function padded(text: string, change: (block: Buffer) => void = () => {}): Buffer {
  const block = Buffer.alloc(256, 0x5a)
  block[0] = 0
  block[1] = 2
  block[255 - text.length] = 0
  block.write(text, 256 - text.length, 'latin1')
  change(block)
  return block
}

test('a secret is two times 32 hex digits, new each time', () => {
  const secrets = [newSecret(), newSecret()].flatMap(({ key, iv }) => [key, iv])
  expect(secrets.every((text) => /^[0-9a-f]{32}$/.test(text))).toBe(true)
  expect(new Set(secrets).size).toBe(4)
})

test('AES round trip', () => {
  const secret = newSecret()
  const bytes = randomBytes(1000)
  const cipher = encryption(secret)
  const encrypted = Buffer.concat([cipher.update(bytes), cipher.final()])
  const decipher = decryption(secret)
  expect(encrypted.length).toBe(1008)
  expect(Buffer.concat([decipher.update(encrypted), decipher.final()]).equals(bytes)).toBe(true)
})

describe('unwrap', () => {
  test.each([digits, 'f'.repeat(32), '0'.repeat(32), 'ABCDEF0123456789abcdef0123456789'])('%s', (text) => {
    expect(unwrap(wrap(text, mine.publicKey), mine.privateKey)).toBe(text.toLowerCase())
  })

  test('reads what openssl encrypts for a certificate', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cipher-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const request = [
      'req',
      '-x509',
      '-subj',
      '/CN=cloud',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'key',
      '-out',
      'cert',
    ]
    execFileSync('openssl', request, { cwd: folder, stdio: 'ignore' })
    const [certificate, privateKey] = [
      readFileSync(join(folder, 'cert'), 'utf8'),
      readFileSync(join(folder, 'key'), 'utf8'),
    ]
    expect(unwrap(wrap(digits, certificate), privateKey)).toBe(digits)
    expect(verify('text', sign('text', privateKey), certificate)).toBe(true)
  })

  test('the hand-made block is well padded, so that the following cases test what they say', () => {
    expect(unwrap(raw(padded(digits)), mine.privateKey)).toBe(digits)
  })

  test.each<[string, Buffer]>([
    ['first byte', padded(digits, (block) => block.writeUInt8(1, 0))],
    ['block type', padded(digits, (block) => block.writeUInt8(1, 1))],
    ['a zero in the filling', padded(digits, (block) => block.writeUInt8(0, 2))],
    ['a zero late in the filling', padded(digits, (block) => block.writeUInt8(0, 222))],
    ['no zero behind the filling', padded(digits, (block) => block.writeUInt8(9, 223))],
    ['a character below 0', padded(`/${digits.slice(1)}`)],
    ['a character above 9', padded(`:${digits.slice(1)}`)],
    ['a character below A', padded(`@${digits.slice(1)}`)],
    ['a character above f', padded(`${digits.slice(1)}g`)],
    ['a character with the high bit', padded(`${digits.slice(1)}\xe1`)],
    ['31 digits', padded(digits.slice(1))],
    ['33 digits', padded(`0${digits}`)],
    ['nothing', padded('')],
  ])('bad padding gives digits that depend on key and block only: %s', (_, block) => {
    const first = unwrap(raw(block), mine.privateKey)
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(first).not.toBe(digits)
    expect(unwrap(raw(block), mine.privateKey)).toBe(first)
  })

  test('a secret for another key gives digits, but not the right ones', () => {
    expect(unwrap(`00${wrap(digits, other.publicKey).slice(2)}`, mine.privateKey)).not.toBe(digits)
  })

  test.each([
    ['a shorter key', wrap(digits, keyPair(1024).publicKey)],
    ['nothing', ''],
    ['no hex', 'z'.repeat(512)],
    ['more than the modulus', 'f'.repeat(512)],
  ])('a block that cannot be of this key is refused: %s', (_, block) => {
    expect(() => unwrap(block, mine.privateKey)).toThrow(BundleRefused)
  })
})

test.each([
  ['the right key', 'text', mine.publicKey, true],
  ['another text', 'texts', mine.publicKey, false],
  ['another key', 'text', other.publicKey, false],
])('verify: %s', (_, text, certificate, verdict) => {
  expect(verify(text, sign('text', mine.privateKey), certificate)).toBe(verdict)
})

test('a signature of nonsense does not verify', () => {
  expect(verify('text', 'abcd', mine.publicKey)).toBe(false)
})
