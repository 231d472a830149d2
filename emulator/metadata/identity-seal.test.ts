import { execFileSync } from 'node:child_process'
import { createVerify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identitySeal } from './identity-seal.ts'

let folder: string
const file = (name: string) => join(folder, name)
const pem = (name: string) => readFileSync(file(`${name}.pem`), 'utf8')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca-emu-seal-'))
  for (const name of ['cloud', 'other']) {
    const subject = ['-subj', `/CN=${name}/O=euca-emu`, '-days', '2']
    const files = ['-keyout', file(`${name}-key.pem`), '-out', file(`${name}.pem`)]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files], { stdio: 'pipe' })
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What openssl reads in a PKCS #7 text, once it has checked the signature against a certificate. */
function opened(pkcs7: string, certificate: string): string {
  writeFileSync(file('sealed'), Buffer.from(pkcs7, 'base64'))
  const trust = ['-noverify', '-nointern', '-certfile', file(`${certificate}.pem`)]
  return execFileSync('openssl', ['smime', '-verify', '-binary', '-inform', 'DER', '-in', file('sealed'), ...trust], {
    stdio: 'pipe',
  }).toString()
}

test.each(['sha1', 'sha256'] as const)('openssl finds the text in its envelope, signed with %s', (digest) => {
  const seal = identitySeal(pem('cloud-key'), pem('cloud'), digest)
  for (const text of ['{}', 'é'.repeat(100), 'x'.repeat(70_000)]) {
    const pkcs7 = seal.pkcs7(text)
    expect(opened(pkcs7, 'cloud')).toBe(text)
    expect(() => opened(pkcs7, 'other')).toThrow('signer certificate not found')
    const verify = (what: string) =>
      createVerify(digest).update(what).verify(pem('cloud'), seal.signature(text), 'base64')
    expect([verify(text), verify(`${text} `)]).toEqual([true, false])
  }
})

test('a text that was changed in its envelope is refused', () => {
  const seal = identitySeal(pem('cloud-key'), pem('cloud'), 'sha256')
  const changed = Buffer.from(seal.pkcs7('i-0000000a'), 'base64').toString('latin1').replace('i-0000000a', 'i-0000000b')
  expect(() => opened(Buffer.from(changed, 'latin1').toString('base64'), 'cloud')).toThrow('Verification failure')
})
