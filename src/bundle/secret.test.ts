import { generateKeyPairSync } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { encryption, newSecret, wrap } from './cipher.ts'
import type { Manifest } from './manifest.ts'
import { BundleRefused } from './refusal.ts'
import { recoverSecret } from './secret.ts'

function keyPair(modulusLength = 2048): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
const [cloud, user, other, short] = [keyPair(), keyPair(), keyPair(), keyPair(1024)]
const secret = newSecret()
const cipher = encryption(secret)
const firstPart = Buffer.concat([cipher.update(gzipSync('image')), cipher.final()])

/** As much of a manifest as is looked at: who it is encrypted for. */
function manifest(forCloud: string | undefined, forUser: string | undefined): Manifest {
  const wrapped = (digits: string, certificate: string | undefined) => (certificate ? wrap(digits, certificate) : '')
  const encrypted = {
    cloudKey: wrapped(secret.key, forCloud),
    cloudIv: wrapped(secret.iv, forCloud),
    userKey: wrapped(secret.key, forUser),
    userIv: wrapped(secret.iv, forUser),
  }
  return { name: 'disk', encrypted } as Manifest
}

test.each<[string, string | undefined, string[]]>([
  ["the user's key", user.publicKey, [user.privateKey]],
  ["the cloud's key", user.publicKey, [cloud.privateKey]],
  ["the cloud's key, of a bundle that no user can open", undefined, [cloud.privateKey]],
  ["the cloud's key in the user's place, as bundled instances have it", cloud.publicKey, [cloud.privateKey]],
  ['the last of several keys', user.publicKey, [short.privateKey, other.privateKey, user.privateKey]],
])('found by %s', (_, forUser, privateKeys) => {
  expect(recoverSecret(manifest(cloud.publicKey, forUser), privateKeys, firstPart)).toEqual(secret)
})

test.each<[string, string[], Buffer]>([
  ['no keys', [], firstPart],
  ['keys of others, of any size', [other.privateKey, short.privateKey], firstPart],
  ['the right key, but another first part', [user.privateKey], Buffer.alloc(64)],
  ['the right key, but an empty first part', [user.privateKey], Buffer.alloc(0)],
])('refused: %s', (_, privateKeys, bytes) => {
  const recover = () => recoverSecret(manifest(cloud.publicKey, user.publicKey), privateKeys, bytes)
  expect(recover).toThrow(BundleRefused)
  expect(recover).toThrow('the bundle disk does not open with')
})
