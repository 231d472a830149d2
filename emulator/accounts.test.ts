import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { certifiedKey } from './certificate.ts'
import { testCloud, userKey } from './cloud.harness.ts'

const it = await testCloud()
afterAll(it.close)
const { accounts } = it.cloud

describe('an account', () => {
  test('is found by its number, its name, its canonical id and its access key', async () => {
    const { account, key } = await accounts.create('alice')
    expect(account).toMatchObject({ administrator: false, createdAt: '2026-01-01T00:00:00.000Z' })
    expect([accounts.byId(account.id), accounts.byName('alice'), accounts.byCanonicalId(account.canonicalId)]).toEqual([
      account,
      account,
      account,
    ])
    expect(accounts.key(key.id)).toEqual({ secret: key.secret, account })
  })

  test.each(['constructor', '__proto__', '', 'AKIAAAAAAAAAAAAAAAAA'])('is not found by %j', (id) =>
    expect([accounts.byId(id), accounts.byName(id), accounts.byCanonicalId(id), accounts.key(id)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]),
  )

  test('has one user, its administrator, with an id that stays', async () => {
    const { account } = await accounts.create('carol')
    const [user, ...more] = accounts.users(account.id)
    expect(more).toEqual([])
    expect(user).toEqual({
      id: expect.stringMatching(/^AIDAA[A-Z2-7]{16}$/),
      name: 'admin',
      path: '/',
      arn: `arn:aws:iam::${account.id}:user/admin`,
      createdAt: account.createdAt,
    })
    expect(accounts.users(account.id)).toEqual([user])
    expect(accounts.users(it.credentials.accountId)[0]?.id).not.toBe(user?.id)
    expect(accounts.users('none')).toEqual([])
    expect(accounts.list()).toContainEqual(account)
  })

  test('of the administrators is the first', () => {
    const { accountId, accessKeyId } = it.credentials
    expect(accounts.byName('eucalyptus')).toMatchObject({ id: accountId, administrator: true })
    expect(accounts.key(accessKeyId)?.account.id).toBe(accountId)
  })

  test.each(['abc', 'a-b', 'a1', '0'.repeat(63)].filter((name) => name.length > 2))('may be named %s', async (name) =>
    expect((await accounts.create(name)).account.name).toBe(name),
  )

  test.each(['', 'ab', 'x'.repeat(64), 'Alice', 'a_b', '-ab', 'ab-', 'a--b', 'a b', 'abc\n', 'äöü'])(
    'may not be named %j',
    async (name) => expect(accounts.create(name)).rejects.toMatchObject({ name: 'BadAccountName' }),
  )

  test('has its name for itself, also when two are asked for at once', async () => {
    const outcomes = await Promise.allSettled([accounts.create('twin'), accounts.create('twin')])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await expect(accounts.create('twin')).rejects.toMatchObject({ name: 'AccountExists' })
  })
})

describe('a certificate', () => {
  test('belongs to its account, and the same one is kept once', async () => {
    const { account } = await accounts.create('signer')
    const { certificate } = await userKey(it.cloud)
    const first = await accounts.addCertificate(account.id, certificate)
    expect(await accounts.addCertificate(account.id, certificate)).toEqual(first)
    expect(first.id).toBe(new X509Certificate(certificate).fingerprint.replaceAll(':', '').toLowerCase())
    expect(accounts.certificates(account.id)).toEqual([certificate])
    expect(accounts.certificates(it.credentials.accountId)).not.toContain(certificate)
  })

  test('is for ten years and for its own key', async () => {
    const { privateKey, certificate } = await certifiedKey('me', '0a', it.clock)
    const read = new X509Certificate(certificate)
    expect(read.subject).toBe('CN=me\nO=euca-emu')
    expect(read.verify(read.publicKey)).toBe(true)
    expect(read.checkPrivateKey(createPrivateKey(privateKey))).toBe(true)
    const years = (Date.parse(read.validTo) - Date.parse(read.validFrom)) / (365 * 86_400_000)
    expect(years).toBe(10)
    expect(Date.parse(read.validFrom)).toBeLessThan(it.clock.now().getTime())
  })
})
