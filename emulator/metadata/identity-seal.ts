import { createSign, X509Certificate } from 'node:crypto'
import type { IdentitySeal } from './identity.ts'

/** A DER value: tag, length, content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const digits = body.length.toString(16)
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}

const [integer, octets, oid, sequence, set, context0] = [0x02, 0x04, 0x06, 0x30, 0x31, 0xa0]
const nothing = Buffer.from([0x05, 0x00])
const one = der(integer, Buffer.from([1]))
const named = (hex: string) => der(oid, Buffer.from(hex, 'hex'))
const data = named('2a864886f70d010701')
const signedData = named('2a864886f70d010702')
const rsaEncryption = der(sequence, named('2a864886f70d010101'), nothing)
const digests = { sha1: '2b0e03021a', sha256: '608648016503040201' }

/** Splits the content of a DER value into the values in it. */
function children(value: Buffer): Buffer[] {
  const startOf = (bytes: Buffer) => {
    const length = bytes[1] ?? 0
    const more = length < 128 ? 0 : length - 128
    return { at: 2 + more, length: more === 0 ? length : bytes.readUIntBE(2, more) }
  }
  const { at, length } = startOf(value)
  const found: Buffer[] = []
  for (let rest = value.subarray(at, at + length); rest.length > 0; ) {
    const first = startOf(rest)
    found.push(rest.subarray(0, first.at + first.length))
    rest = rest.subarray(first.at + first.length)
  }
  return found
}

/** The issuer's name and the serial number of a certificate, which is how PKCS #7 names a signer (RFC 2315, 6.7). */
function signerOf(certificate: Buffer): Buffer {
  const [content = Buffer.alloc(0)] = children(certificate)
  // The version comes first, as context 0, in every certificate but the oldest.
  const [serial = nothing, , issuer = nothing] = children(content).filter(([tag]) => tag !== context0)
  return der(sequence, issuer, serial)
}

/** Seals with an RSA key and its certificate, PEM: SHA-1 as Eucalyptus does, SHA-256 as AWS does. */
export function identitySeal(privateKey: string, certificate: string, digest: 'sha1' | 'sha256'): IdentitySeal {
  const { raw } = new X509Certificate(certificate)
  const algorithm = der(sequence, named(digests[digest]), nothing)
  const signature = (text: string) => createSign(digest).update(text).sign(privateKey)
  return {
    signature: (text) => signature(text).toString('base64'),
    pkcs7: (text) => {
      const content = der(sequence, data, der(context0, der(octets, Buffer.from(text))))
      const signer = der(sequence, one, signerOf(raw), algorithm, rsaEncryption, der(octets, signature(text)))
      const body = der(sequence, one, der(set, algorithm), content, der(context0, raw), der(set, signer))
      return der(sequence, signedData, der(context0, body)).toString('base64')
    },
  }
}
