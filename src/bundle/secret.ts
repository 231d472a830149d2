import { createDecipheriv } from 'node:crypto'
import { type BundleSecret, unwrap } from './cipher.ts'
import type { Manifest } from './manifest.ts'
import { BundleRefused } from './refusal.ts'

/** A bundle's secret can be recognised by so many bytes of its first part: one block of AES. */
const recognisable = 16

/**
 * The secret of a bundle, by the first private key (PEM) that opens it: a user's key for what is encrypted for the user,
 * or a cloud's for what is encrypted for the cloud. Each key is tried on both, as bundles of running instances have the
 * cloud's in either place. `firstBytes` are those of the first part: 16 of them, or more.
 * For those who hold the keys; who unbundles for others must not let them ask which keys fit. Throws `BundleRefused`.
 */
export function recoverSecret(
  manifest: Manifest,
  privateKeys: readonly string[],
  firstBytes: Uint8Array,
): BundleSecret {
  const { userKey, userIv, cloudKey, cloudIv } = manifest.encrypted
  const wrapped = [
    { key: userKey, iv: userIv },
    { key: cloudKey, iv: cloudIv },
  ]
  for (const privateKey of privateKeys) {
    for (const { key, iv } of wrapped) {
      const secret = { key: unwrapped(key, privateKey), iv: unwrapped(iv, privateKey) }
      if (secret.key && secret.iv && opensGzip(secret as BundleSecret, firstBytes)) return secret as BundleSecret
    }
  }
  const tried = privateKeys.length === 1 ? 'the private key' : `any of ${privateKeys.length} private keys`
  throw new BundleRefused(`the bundle ${manifest.name} does not open with ${tried}: it is encrypted for others`)
}

/** Undefined for what is not wrapped for this key at all. */
function unwrapped(wrapped: string, privateKey: string): string | undefined {
  try {
    return unwrap(wrapped, privateKey)
  } catch (error) {
    if (error instanceof BundleRefused) return undefined
    throw error
  }
}

function opensGzip({ key, iv }: BundleSecret, firstBytes: Uint8Array): boolean {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(key, 'hex'), Buffer.from(iv, 'hex')).setAutoPadding(
    false,
  )
  const plain = decipher.update(firstBytes.subarray(0, recognisable))
  return plain[0] === 0x1f && plain[1] === 0x8b && plain[2] === 8
}
