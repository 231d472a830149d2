import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { text } from '../src/client/xml.ts'
import type { Tools } from './tools.ts'

/** Makes a key pair of the administrator's account, which is deleted after the case. */
export async function makeKeyPair(tools: Tools): Promise<{ name: string; fingerprint: string }> {
  const { ec2 } = tools.administrator
  const name = tools.name('key')
  const made = await ec2.call('CreateKeyPair', { KeyName: name })
  tools.later(`key pair ${name}`, () => ec2.call('DeleteKeyPair', { KeyName: name }))
  return { name, fingerprint: text(made, 'keyFingerprint') ?? '' }
}

/** The line that ssh keeps of an RSA key, `ssh-rsa AAAA…`, without the comment that may follow. Takes public keys. */
export function sshLine(key: KeyObject): string {
  const { e = '', n = '' } = key.export({ format: 'jwk' })
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const modulus = Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')])
  const blob = Buffer.concat([Buffer.from('ssh-rsa'), Buffer.from(e, 'base64url'), modulus].map(field))
  return `ssh-rsa ${blob.toString('base64')}`
}

/** Imports the public half of a new RSA key, which is deleted after the case, and gives its line. */
export async function importKeyPair(tools: Tools): Promise<{ name: string; line: string }> {
  const { ec2 } = tools.administrator
  const name = tools.name('key')
  const line = sshLine(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
  const PublicKeyMaterial = Buffer.from(`${line} someone@somewhere`).toString('base64')
  await ec2.call('ImportKeyPair', { KeyName: name, PublicKeyMaterial })
  tools.later(`key pair ${name}`, () => ec2.call('DeleteKeyPair', { KeyName: name }))
  return { name, line }
}
