import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { adminApp, type Health } from './admin.ts'
import { testCloud, theText } from './cloud.harness.ts'
import { permission } from './ec2/group/group.harness.ts'

const it = await testCloud()
afterAll(it.close)
afterEach(() => vi.restoreAllMocks())

const now = { status: 'ok' as Health['status'] }
const health = (): Health => ({
  ...now,
  version: '0',
  fidelity: 'eucalyptus',
  services: ['ec2'],
  node: 'fake',
  images: 0,
  instances: {},
})
const app = adminApp(it.cloud, 'the-token', health)
const authorization = 'Bearer the-token'

async function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: object; body?: string } = {},
) {
  const response = await app.request(`http://127.0.0.1/_euca/${path}`, {
    method,
    headers: { host: '127.0.0.1:8773', ...headers },
    ...(body !== undefined && { body }),
  })
  return { status: response.status, answer: JSON.parse(await response.text()) }
}
const post = (path: string, body: unknown, headers: object = { authorization }) =>
  ask(path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })

describe('health', () => {
  test.each([
    ['starting', 503],
    ['ok', 200],
  ] as const)('%s is %i, and nobody needs a token for it', async (status, expected) => {
    now.status = status
    expect(await ask('health')).toEqual({ status: expected, answer: health() })
  })
})

describe('callers that are no local programs', () => {
  test.each<[string, object, number]>([
    ['an address of this machine', { host: '127.0.0.2' }, 200],
    ['localhost', { host: 'localhost:8773' }, 200],
    ['a name below localhost', { host: 'cloud.localhost:8773' }, 200],
    ['IPv6', { host: '[::1]:8773' }, 200],
    ['a page of our own', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a name that points here', { host: 'evil.example:8773' }, 403],
    ['a name that looks like ours', { host: 'localhost.evil.example' }, 403],
    ['a name that begins like an address', { host: '127.0.0.1.evil.example' }, 403],
    ['no name', { host: '' }, 403],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page that says where it comes from', { origin: 'http://evil.example' }, 403],
  ])('%s', async (_title, headers, status) => {
    now.status = 'ok'
    expect((await ask('health', { headers })).status).toBe(status)
  })

  test('are refused whatever token they have', async () =>
    expect((await post('accounts', { name: 'evil' }, { authorization, origin: 'http://evil.example' })).status).toBe(
      403,
    ))
})

describe('a call', () => {
  test.each([
    ['without a token', {}],
    ['with another token', { authorization: 'Bearer other' }],
    ['with the token alone', { authorization: 'the-token' }],
    ['with an empty token', { authorization: 'Bearer ' }],
  ])('%s is refused', async (_title, headers) => {
    const before = it.cloud.accounts.byName('refused')
    expect((await post('accounts', { name: 'refused' }, headers)).status).toBe(401)
    expect(it.cloud.accounts.byName('refused')).toBe(before)
  })

  test.each([
    ['nowhere', { method: 'POST' }],
    ['accounts', {}],
  ])('to what is not there (%s)', async (path, options) =>
    expect(await ask(path, { ...options, headers: { authorization } })).toEqual({
      status: 404,
      answer: { error: 'there is nothing at this address' },
    }),
  )

  test('that meets an error of ours tells nothing of it, and logs it', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.spyOn(it.cloud.accounts, 'create').mockRejectedValue(new Error('a secret of ours'))
    expect(await post('accounts', { name: 'broken' })).toEqual({
      status: 500,
      answer: { error: 'an internal error has occurred' },
    })
    expect(logged).toHaveBeenCalledOnce()
  })
})

describe('an instance', () => {
  test('is told with what reaches it, and nothing that is secret', async () => {
    const key = await it.call('CreateKeyPair', { KeyName: 'mine' })
    const secret = Buffer.from('a secret of theirs').toString('base64')
    await it.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', ...permission() })
    const id = await it.run({ KeyName: 'mine', UserData: secret })
    await it.idle()
    const { network, groupIds } = it.cloud.instances.get(id)!
    const path = `instances/${id.toUpperCase().replace('I-', 'i-')}`
    await vi.waitFor(async () => {
      const { status, answer } = await ask(path, { headers: { authorization } })
      expect(status).toBe(200)
      expect(answer.ports).toMatchObject([{ address: network.publicAddress, port: 22 }])
    })
    const { answer } = await ask(path, { headers: { authorization } })
    expect(answer).toEqual({
      id,
      state: 'running',
      network,
      keyName: 'mine',
      groups: [{ id: groupIds[0], name: 'default' }],
      ports: it.cloud.network.listening(network.publicAddress).map((port) => JSON.parse(JSON.stringify(port))),
    })
    const text = JSON.stringify(answer)
    for (const hidden of [secret, theText(key, 'keyMaterial').slice(40, 80)]) expect(text).not.toContain(hidden)
  })

  test('is not told without the token', async () => {
    const id = it.cloud.instances.list()[0]?.id
    expect((await ask(`instances/${id}`)).status).toBe(401)
    expect((await ask(`instances/${id}`, { headers: { authorization: 'Bearer other' } })).status).toBe(401)
  })

  test('that is not there', async () =>
    expect(await ask('instances/i-12345678', { headers: { authorization } })).toEqual({
      status: 404,
      answer: { error: 'there is no instance i-12345678' },
    }))
})

describe('an account', () => {
  test('is made with a key and a certificate, whose private key is given away', async () => {
    const { status, answer } = await post('accounts', { name: 'alice' })
    expect(status).toBe(200)
    const { id, accessKeyId, secretAccessKey, certificate, privateKey, canonicalId } = answer
    expect(answer).toMatchObject({ name: 'alice', id: expect.stringMatching(/^\d{12}$/) })
    expect(it.cloud.accounts.key(accessKeyId)).toMatchObject({
      secret: secretAccessKey,
      account: { id, name: 'alice', canonicalId, administrator: false },
    })
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))).toBe(true)
    expect(it.cloud.accounts.certificates(id)).toEqual([certificate])
  })

  test.each<[string, unknown, number]>([
    ['no name', {}, 400],
    ['a number', { name: 7 }, 400],
    ['a bad name', { name: 'No Good' }, 400],
    ['a name that is taken', { name: 'eucalyptus' }, 409],
    ['no JSON', 'hello', 400],
    ['nothing', '', 400],
    ['JSON that is no object', 'null', 400],
  ])('is refused: %s', async (_title, body, expected) => {
    const { status, answer } = await post('accounts', body)
    expect([status, typeof answer.error]).toEqual([expected, 'string'])
  })
})

describe('a certificate', () => {
  test('is made and kept for an account', async () => {
    const { accountId } = it.administrator
    const { status, answer } = await post('certificates', { accountId })
    expect(status).toBe(200)
    expect(new X509Certificate(answer.certificate).checkPrivateKey(createPrivateKey(answer.privateKey))).toBe(true)
    expect(it.cloud.accounts.certificates(accountId)).toContain(answer.certificate)
  })

  test.each([[{}], [{ accountId: '000000000000' }], ['hello']])('is not made for %j', async (body) =>
    expect((await post('certificates', body)).status).toBe(404),
  )
})
