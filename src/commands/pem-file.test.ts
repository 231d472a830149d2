import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { certificateFile, privateKeyFile } from './pem-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'pem-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const curve = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
const spki = { type: 'spki', format: 'pem' } as const
const own = String(rsa.privateKey.export(pkcs8))

test('a key and a certificate are given back as they stand in their files', async () => {
  const open = String(rsa.publicKey.export(spki))
  expect(await privateKeyFile(file('key', own))).toBe(own)
  expect(await certificateFile(file('certificate', open))).toBe(open)
})

describe('refused before anything is bundled', () => {
  const locked = String(rsa.privateKey.export({ ...pkcs8, cipher: 'aes-128-cbc', passphrase: 'x' }))
  test.each<[string, string]>([
    ['text', 'root:x:0:0'],
    ['nothing', ''],
    ['a key with a passphrase', locked],
    ['a key of another kind', String(curve.privateKey.export(pkcs8))],
    ['a public key', String(rsa.publicKey.export(spki))],
  ])('as a private key: %s', async (_what, text) => {
    const path = file('wrong', text)
    await expect(privateKeyFile(path)).rejects.toMatchObject({
      name: 'CommandFailed',
      message: `${path} holds no RSA private key in PEM form, or has a passphrase`,
    })
  })

  test.each<[string, string]>([
    ['text', 'root:x:0:0'],
    ['a key of another kind', String(curve.publicKey.export(spki))],
  ])('as a certificate: %s', async (_what, text) => {
    const path = file('wrong', text)
    await expect(certificateFile(path)).rejects.toThrow(`${path} holds no certificate of an RSA key in PEM form`)
  })
})
