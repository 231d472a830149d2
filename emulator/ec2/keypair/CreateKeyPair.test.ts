import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { testCloud, theText } from '../../cloud.harness.ts'
import { parseSshLine } from './ssh.ts'

const it = await testCloud()
afterAll(it.close)

describe('shape', () => {
  test('without a name', async () =>
    expect(await it.refusal('CreateKeyPair')).toBe(
      '400 MissingParameter: The request must contain the parameter KeyName',
    ))
})

describe('refusals', () => {
  test.each([
    ['an empty name', { KeyName: '' }, '400 InvalidParameterValue: Invalid key name: '],
    [
      'a name of 256 characters',
      { KeyName: 'x'.repeat(256) },
      `400 InvalidParameterValue: Invalid key name: ${'x'.repeat(256)}`,
    ],
    ['a name that is not ASCII', { KeyName: 'schlüssel' }, '400 InvalidParameterValue: Invalid key name: schlüssel'],
    ['a name of two lines', { KeyName: 'a\nb' }, '400 InvalidParameterValue: Invalid key name: a\nb'],
    [
      'another type',
      { KeyName: 'x', KeyType: 'ed25519' },
      '400 InvalidParameterValue: Value (ed25519) for parameter KeyType is invalid.',
    ],
    [
      'another format',
      { KeyName: 'x', KeyFormat: 'ppk' },
      '400 InvalidParameterValue: Value (ppk) for parameter KeyFormat is invalid.',
    ],
  ])('%s', async (_title, parameters, refusal) => expect(await it.refusal('CreateKeyPair', parameters)).toBe(refusal))

  test('a name that the account has', async () => {
    await it.call('CreateKeyPair', { KeyName: 'twice' })
    expect(await it.refusal('CreateKeyPair', { KeyName: 'twice' })).toBe(
      "400 InvalidKeyPair.Duplicate: The keypair 'twice' already exists.",
    )
    expect(await it.call('CreateKeyPair', { KeyName: 'twice' }, await it.account('other'))).toMatchObject({
      keyName: 'twice',
    })
  })
})

describe('effect', () => {
  test('the private key is given away, the public half of it is kept', async () => {
    const answer = await it.call('CreateKeyPair', { KeyName: 'constructor', KeyType: 'rsa', KeyFormat: 'pem' })
    const key = createPrivateKey(theText(answer, 'keyMaterial'))
    expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 })
    const sha1 = createHash('sha1')
      .update(key.export({ type: 'pkcs8', format: 'der' }))
      .digest('hex')
    expect(theText(answer, 'keyFingerprint').replaceAll(':', '')).toBe(sha1)
    const record = it.cloud.keyPairs.get(`${it.administrator.accountId}/constructor`)
    expect(record?.publicKey).toMatch(/^ssh-rsa \S+ constructor$/)
    const spki = { type: 'spki', format: 'der' } as const
    expect(parseSshLine(record?.publicKey ?? '')?.export(spki)).toEqual(createPublicKey(key).export(spki))
    expect(JSON.stringify(record)).not.toContain('PRIVATE')
  })
})
