import { createHash, generateKeyPairSync } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { testCloud } from '../../cloud.harness.ts'
import { sshLine } from './ssh.ts'

const it = await testCloud()
afterAll(it.close)

const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' })
const line = sshLine(publicKey, 'me@here')
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('shape', () => {
  test('without anything', async () =>
    expect(await it.refusal('ImportKeyPair')).toBe(
      '400 MissingParameter: The request must contain the parameter KeyName, PublicKeyMaterial',
    ))
})

describe('refusals', () => {
  test.each([
    ['nothing', ''],
    ['what is no key', base64('hello')],
    ['another type of key', base64('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK')],
    ['a line that is cut', base64(line.slice(0, 100))],
    ['two lines', base64(`${line}\nssh-rsa AAAA evil`)],
    ['a line that is not base64', line],
    ['a key without numbers', base64(`ssh-rsa ${base64('\0\0\0\x07ssh-rsa\0\0\0\0\0\0\0\0')}`)],
  ])('%s', async (_title, PublicKeyMaterial) =>
    expect(await it.refusal('ImportKeyPair', { KeyName: 'refused', PublicKeyMaterial })).toBe(
      '400 InvalidKey.Format: Key is not in valid OpenSSH public key format',
    ),
  )

  test('names, as for CreateKeyPair', async () => {
    const key = { PublicKeyMaterial: base64(line) }
    await it.call('ImportKeyPair', { KeyName: 'taken', ...key })
    expect(await it.refusal('ImportKeyPair', { KeyName: 'taken', ...key })).toMatch(/^400 InvalidKeyPair.Duplicate/)
    expect(await it.refusal('ImportKeyPair', { KeyName: '', ...key })).toMatch(/^400 InvalidParameterValue/)
  })
})

describe('effect', () => {
  test.each([line, `${line}\n`, `  ${line}`, line.replace(' me@here', '')])(
    '%#: keeps the line, trimmed',
    async (given) => {
      const KeyName = `imported ${given.length}`
      const md5 = createHash('md5')
        .update(publicKey)
        .digest('hex')
        .replace(/..(?=.)/g, '$&:')
      expect(await it.call('ImportKeyPair', { KeyName, PublicKeyMaterial: base64(given) })).toMatchObject({
        keyName: KeyName,
        keyFingerprint: md5,
      })
      const record = it.cloud.keyPairs.get(`${it.administrator.accountId}/${KeyName}`)
      expect(record).toMatchObject({ publicKey: given.trim(), fingerprint: md5 })
    },
  )
})
