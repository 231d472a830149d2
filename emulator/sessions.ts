import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Fidelity } from '../src/protocol/faults.ts'
import { base32Digits } from './state/ids.ts'

/** In whose name a session asks. */
export interface Session {
  readonly accountId: string
  readonly roleId: string
  /** The name that it was given. */
  readonly name: string
}

/** What a session signs with until it ends. */
export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly securityToken: string
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/** The credentials of sessions. Nothing is kept of them: a token carries what it stands for, sealed by this cloud. */
export interface Sessions {
  /** The same credentials for the same session, times and `distinction`, which tells apart what is asked for twice. */
  issue(session: Session, from: Date, seconds: number, distinction: string): SessionCredentials
  /** What a token of this cloud stands for, with the secret of its key; undefined when it is none, or another key's. */
  open(accessKeyId: string, securityToken: string): (Session & { secret: string; expiresAt: Date }) | undefined
}

/** What every token of Eucalyptus begins with (SecurityTokenManagerImpl). */
const prefix = Buffer.from('euca\0\x01')
const sealBytes = 32

const hmac = (key: Buffer, ...parts: (string | Buffer)[]) => {
  const hash = createHmac('sha256', key)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Makes credentials from a secret of the cloud, such as its private key: they outlive the emulator, as that does. */
export function createSessions(secret: string, fidelity: Fidelity): Sessions {
  const derived = (use: string) => Buffer.from(hkdfSync('sha256', secret, '', `session credentials: ${use}`, 32))
  const [naming, sealing, signing] = [derived('key ids'), derived('tokens'), derived('secrets')]
  const sealOf = (accessKeyId: string, body: Buffer) => hmac(sealing, accessKeyId, '\0', body)
  const secretOf = (token: string) => hmac(signing, token).toString('hex').slice(0, 40)
  return {
    issue({ accountId, roleId, name }, issuedAt, seconds, distinction) {
      const expiresAt = new Date(issuedAt.getTime() + seconds * 1000)
      const body = Buffer.from(JSON.stringify([accountId, roleId, name, expiresAt.getTime(), seconds, distinction]))
      const digits = base32Digits(hmac(naming, body).subarray(0, 15))
      // AWS marks keys of sessions; those of Eucalyptus look like any other (Identifiers).
      const accessKeyId = `${fidelity === 'aws' ? 'ASI' : 'AKI'}AA${digits}`
      const securityToken = Buffer.concat([prefix, sealOf(accessKeyId, body), body]).toString('base64')
      return { accessKeyId, secretAccessKey: secretOf(securityToken), securityToken, issuedAt, expiresAt }
    },
    open(accessKeyId, securityToken) {
      const bytes = Buffer.from(securityToken, 'base64')
      const seal = bytes.subarray(prefix.length, prefix.length + sealBytes)
      if (seal.length !== sealBytes || bytes.toString('base64') !== securityToken) return undefined
      const body = bytes.subarray(prefix.length + sealBytes)
      if (!timingSafeEqual(seal, sealOf(accessKeyId, body))) return undefined
      const [accountId, roleId, name, end] = JSON.parse(body.toString()) as [string, string, string, number]
      return { accountId, roleId, name, secret: secretOf(securityToken), expiresAt: new Date(end) }
    },
  }
}
