import { randomBytes, type webcrypto, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Clock } from './state/clock.ts'
import { type DataFiles, replaceFile } from './state/files.ts'

/** What a server that speaks TLS shows: its key and its certificate, PEM. */
export interface ServerIdentity {
  readonly key: string
  readonly cert: string
}

// Elliptic curves, because such a key is made in a millisecond; every client that speaks TLS 1.2 takes them.
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000
/** An authority lasts ten years, and is made anew when it has less than this left. */
const renewedBefore = 400 * day
/** Apple's systems refuse servers' certificates of more than 825 days. */
const serverDays = 398

const pem = (label: string, der: ArrayBuffer) =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`

const keyPair = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

const privatePem = async (key: webcrypto.CryptoKey) => pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key))

/** A serial number is positive: its first bit is 0. */
const serialNumber = () => `01${randomBytes(15).toString('hex')}`

/** Loaded on first use: a start without TLS never needs it. */
async function library() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

async function makeAuthority(clock: Clock): Promise<string> {
  const x509 = await library()
  const keys = await keyPair()
  const notBefore = new Date(clock.now().getTime() - 60_000)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // A name of its own: clients that know the authorities of several data folders tell them apart by it.
    name: [{ CN: [`euca-emu authority ${randomBytes(4).toString('hex')}`] }, { O: ['euca-emu'] }],
    notBefore,
    notAfter: new Date(notBefore.getTime() + 3650 * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return (await privatePem(keys.privateKey)) + pem('CERTIFICATE', certificate.rawData)
}

/** The certificate within a PEM text that begins with a key. */
const certificateIn = (text: string) => text.slice(text.indexOf('-----BEGIN CERTIFICATE'))

async function keptAuthority({ tlsAuthorityKey }: DataFiles, clock: Clock): Promise<string | undefined> {
  try {
    const text = await readFile(tlsAuthorityKey, 'utf8')
    const left = Date.parse(new X509Certificate(certificateIn(text)).validTo) - clock.now().getTime()
    return left > renewedBefore ? text : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The authority of a data folder, made at the first start with TLS and renewed in its last year: its key with its
 * certificate, in one file so that a crash leaves no half, and the certificate alone for clients.
 */
async function authority(files: DataFiles, clock: Clock): Promise<string> {
  const kept = await keptAuthority(files, clock)
  const text = kept ?? (await makeAuthority(clock))
  if (!kept) await replaceFile(files.tlsAuthorityKey, text)
  await replaceFile(files.tlsAuthority, certificateIn(text), 0o644)
  return text
}

/** The names that a certificate is for: of this machine, of buckets as hosts, and the address that is listened on. */
export function serverNames(host: string): readonly { readonly type: 'dns' | 'ip'; readonly value: string }[] {
  // OpenSSL and Node take no wildcard just below the top: `bucket.localhost` is for others, `bucket.s3.localhost` for all.
  const names = ['localhost', '*.localhost', 's3.localhost', '*.s3.localhost', '127.0.0.1', '::1', host]
  return [...new Set(names)].map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))
}

/**
 * Makes a key and a certificate for this run of the server, signed by the data folder's authority. They are made at each
 * start: the key never touches a disk, and the certificate is never old.
 */
export async function serverIdentity(files: DataFiles, host: string, clock: Clock): Promise<ServerIdentity> {
  const [x509, text, keys] = await Promise.all([library(), authority(files, clock), keyPair()])
  const issuer = new x509.X509Certificate(certificateIn(text))
  const der = Buffer.from(text.slice(0, text.indexOf('-----END')).replace(/-----.*-----/, ''), 'base64')
  const signingKey = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const notBefore = new Date(clock.now().getTime() - 60_000)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: ['localhost'] }, { O: ['euca-emu'] }],
    issuer: issuer.subjectName,
    notBefore,
    notAfter: new Date(notBefore.getTime() + serverDays * day),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...serverNames(host)]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { key: await privatePem(keys.privateKey), cert: pem('CERTIFICATE', certificate.rawData) }
}
