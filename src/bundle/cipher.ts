import {
  type Cipher,
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createSign,
  createVerify,
  type Decipher,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'

import { BundleRefused } from './refusal.ts'

/** The AES-128 key and the IV of one bundle, each as 32 lower-case hex digits: what the manifest wraps is that text. */
export interface BundleSecret {
  readonly key: string
  readonly iv: string
}

const secretLength = 32

/** A fresh random secret for one bundle. */
export function newSecret(): BundleSecret {
  return { key: randomBytes(16).toString('hex'), iv: randomBytes(16).toString('hex') }
}

/** The AES-128-CBC encryption of a bundle's compressed stream (PKCS#7 padding, no salt header). */
export function encryption(secret: BundleSecret): Cipher {
  return createCipheriv('aes-128-cbc', Buffer.from(secret.key, 'hex'), Buffer.from(secret.iv, 'hex'))
}

/** The opposite of `encryption`. Its `final` fails when the padding is wrong. */
export function decryption(secret: BundleSecret): Decipher {
  return createDecipheriv('aes-128-cbc', Buffer.from(secret.key, 'hex'), Buffer.from(secret.iv, 'hex'))
}

/** Encrypts 32 hex digits for the holder of a certificate (or public key, PEM), RSA PKCS#1 v1.5, as hex. */
export function wrap(hexDigits: string, certificate: string): string {
  const key = { key: certificate, padding: constants.RSA_PKCS1_PADDING }
  return publicEncrypt(key, Buffer.from(hexDigits, 'latin1')).toString('hex')
}

/**
 * Decrypts what `wrap` made. A block whose padding is wrong gives 32 hex digits that depend on nothing but the key and
 * the block (implicit rejection), so that a manifest maker cannot ask us which blocks are well padded; the bundle then
 * fails to unpack. The padding is removed here because Node 20 refuses PKCS#1 v1.5 decryption (CVE-2023-46809).
 * Throws `BundleRefused` when the block's length or number cannot belong to this key at all.
 */
export function unwrap(wrapped: string, privateKey: string): string {
  const key = createPrivateKey(privateKey)
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const block = Buffer.from(wrapped, 'hex')
  if (block.length !== size || wrapped.length !== 2 * size) {
    throw new BundleRefused(`an encrypted key of ${wrapped.length / 2} bytes does not fit an RSA key of ${size} bytes`)
  }
  let padded: Buffer
  try {
    padded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block)
  } catch (cause) {
    throw new BundleRefused('the encrypted key does not fit the RSA key: it is for another cloud or user', { cause })
  }
  return select(wellPadded(padded), padded.subarray(size - secretLength), substitute(key, block)).toLowerCase()
}

/** 1 when the block is 0, 2, non-zero filling, 0, 32 hex digits; else 0. No branch depends on the bytes. */
function wellPadded(block: Buffer): number {
  const zeroAt = block.length - secretLength - 1
  let bad = 0
  for (const [index, byte] of block.entries()) {
    if (index === 0 || index === zeroAt) bad |= byte
    else if (index === 1) bad |= byte ^ 2
    else if (index < zeroAt) bad |= isZero(byte)
    else bad |= 1 ^ isHexDigit(byte)
  }
  return isZero(bad)
}

/** 1 for 0, 0 for 1 to 255. */
function isZero(byte: number): number {
  return ((byte - 1) >> 31) & 1
}

/** 1 for the codes of 0-9, a-f and A-F, else 0. */
function isHexDigit(byte: number): number {
  const lower = byte | 0x20
  return within(byte, 0x30, 0x39) | within(lower, 0x61, 0x66)
}

function within(value: number, low: number, high: number): number {
  return 1 ^ ((((value - low) | (high - value)) >> 31) & 1)
}

function select(condition: number, left: Buffer, right: Buffer): string {
  const mask = -condition
  return Buffer.from(left.map((byte, index) => (byte & mask) | ((right[index] ?? 0) & ~mask))).toString('latin1')
}

function substitute(key: KeyObject, block: Buffer): Buffer {
  const seed = key.export({ type: 'pkcs8', format: 'der' })
  return Buffer.from(createHmac('sha256', seed).update(block).digest('hex').slice(0, secretLength), 'latin1')
}

/** The RSA-SHA1 signature (PKCS#1 v1.5) of `text` as hex, as a manifest carries it. */
export function sign(text: string, privateKey: string): string {
  return createSign('sha1').update(text).sign(privateKey, 'hex')
}

/** Whether `signature` (hex) over `text` was made with the key of a certificate (or public key, PEM). */
export function verify(text: string, signature: string, certificate: string): boolean {
  return createVerify('sha1').update(text).verify(certificate, signature, 'hex')
}
