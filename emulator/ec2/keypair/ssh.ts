import { createPublicKey, type KeyObject } from 'node:crypto'

/** One field of an OpenSSH key: its length in four bytes, then its bytes. */
function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A number as OpenSSH writes it: a zero byte before a first bit that is set. */
function number(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return field(bytes[0] !== undefined && bytes[0] >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
}

/** An RSA public key (SPKI, DER) as a line of authorized_keys. */
export function sshLine(spki: Buffer, comment: string): string {
  const { n, e } = createPublicKey({ key: spki, type: 'spki', format: 'der' }).export({ format: 'jwk' })
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), number(e ?? ''), number(n ?? '')])
  return `ssh-rsa ${blob.toString('base64')} ${comment}`
}

/** Reads `ssh-rsa BASE64 [comment]`; `undefined` for anything else. */
export function parseSshLine(line: string): KeyObject | undefined {
  const [type, base64] = line.trim().split(/\s+/)
  if (type !== 'ssh-rsa' || !base64) return undefined
  const blob = Buffer.from(base64, 'base64')
  const fields: Buffer[] = []
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return undefined
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) return undefined
    fields.push(blob.subarray(at + 4, end))
    at = end
  }
  const [name, e, n] = fields
  if (fields.length !== 3 || name?.toString() !== 'ssh-rsa' || !e?.length || !n?.length) return undefined
  const jwk = { kty: 'RSA', e: e.toString('base64url'), n: n.subarray(n[0] === 0 ? 1 : 0).toString('base64url') }
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // Numbers that make no RSA key: the caller answers with the fault for a bad key.
    return undefined
  }
}
