import type { webcrypto } from 'node:crypto'
import type { Clock } from './state/clock.ts'

/** A key pair with its self-signed certificate, as PEM. */
export interface CertifiedKey {
  readonly privateKey: string
  readonly certificate: string
}

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}

const pem = (label: string, der: ArrayBuffer) =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`

/**
 * Makes an RSA-2048 key and a certificate for ten years: a user's (EC2_PRIVATE_KEY, EC2_CERT) or the cloud's own
 * (EUCALYPTUS_CERT). The library is loaded on first use: a start on an existing data folder never needs it.
 */
export async function certifiedKey(commonName: string, serialNumber: string, clock: Clock): Promise<CertifiedKey> {
  await import('reflect-metadata')
  const { X509CertificateGenerator } = await import('@peculiar/x509')
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const notBefore = new Date(clock.now().getTime() - 60_000)
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: [commonName] }, { O: ['euca-emu'] }],
    notBefore,
    notAfter: new Date(notBefore.getTime() + 10 * 365 * 86_400_000),
    signingAlgorithm: algorithm,
    keys,
  })
  return {
    privateKey: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    certificate: pem('CERTIFICATE', certificate.rawData),
  }
}
