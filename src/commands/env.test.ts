import { execFileSync } from 'node:child_process'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { DataFolder } from './data-folder.ts'
import { shellText, variables } from './env.ts'

const folder: DataFolder = {
  data: '/data',
  url: 'http://127.0.0.1:8773',
  region: 'eucalyptus',
  accountId: '000123456789',
  accessKeyId: 'AKIAAEXAMPLE',
  secretAccessKey: 'secret',
  adminToken: 'token',
  cloudCertificate: '/data/cloud-cert.pem',
}
const nasty = [
  '',
  'plain',
  'two words',
  '  spaces  ',
  '$HOME and `date` and $(date)',
  'back\\slash',
  'ends in a backslash\\',
  'a "double" quote',
  '#hash',
  'a=b;c&d|e<f>g*h?',
  '!history',
  'tab\there',
  'schlüssel ✓',
]
const asPairs = (values: string[]) => values.map((value, index): [string, string] => [`VALUE_${index}`, value])

describe('sh', () => {
  test.each([...nasty, "it's", "''", "'\\''", 'two\nlines'])('takes %j', (value) => {
    const script = `${shellText([['VALUE', value]], 'sh')}printf %s "$VALUE"`
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8', env: {} })).toBe(value)
  })
})

describe('fish', () => {
  test.each([
    ['plain', "set -gx VALUE 'plain';\n"],
    ["it's", "set -gx VALUE 'it\\'s';\n"],
    ['back\\slash', "set -gx VALUE 'back\\\\slash';\n"],
    ["a backslash before a quote: \\'", "set -gx VALUE 'a backslash before a quote: \\\\\\'';\n"],
    ['$HOME', "set -gx VALUE '$HOME';\n"],
  ])('takes %j', (value, text) => expect(shellText([['VALUE', value]], 'fish')).toBe(text))
})

describe('a .env file', () => {
  test('is read again as it was', () => {
    const pairs = asPairs([...nasty, "it's"])
    expect(parseEnv(shellText(pairs, 'dotenv'))).toEqual(Object.fromEntries(pairs))
  })

  test('has no quotes where none are needed, because Docker would take them for a part of the value', () =>
    expect(shellText(variables(folder), 'dotenv')).not.toMatch(/['"]/))

  test.each(['two\nlines', 'all of \'"`'])('cannot hold %j', (value) =>
    expect(() => shellText([['VALUE', value]], 'dotenv')).toThrow('no .env file can hold this value'),
  )
})

describe('the variables', () => {
  const all = Object.fromEntries(variables(folder))
  test.each([
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1:8773'],
    ['AWS_ACCESS_KEY_ID', 'AKIAAEXAMPLE'],
    ['AWS_SECRET_ACCESS_KEY', 'secret'],
    ['AWS_DEFAULT_REGION', 'eucalyptus'],
    ['EC2_URL', 'http://127.0.0.1:8773/services/compute'],
    ['S3_URL', 'http://127.0.0.1:8773/services/objectstorage'],
    // clients.md, quirk 18: euca2ools reads AWS_IAM_URL, the classic eucarc has EUARE_URL.
    ['AWS_IAM_URL', 'http://127.0.0.1:8773/services/Euare'],
    ['EUARE_URL', 'http://127.0.0.1:8773/services/Euare'],
    ['TOKEN_URL', 'http://127.0.0.1:8773/services/Tokens'],
    ['EUCA_BOOTSTRAP_URL', 'http://127.0.0.1:8773/services/Empyrean'],
    ['EC2_USER_ID', '000123456789'],
  ])('%s is %s', (name, value) => expect(all[name]).toBe(value))

  test('hold the token of the admin calls nowhere', () => expect(Object.values(all)).not.toContain('token'))

  test('name the certificates once eucarc has written them', () => {
    expect(all).not.toHaveProperty('EC2_CERT')
    expect(Object.fromEntries(variables(folder, '/home/me/creds'))).toMatchObject({
      EC2_CERT: '/home/me/creds/user-cert.pem',
      EC2_PRIVATE_KEY: '/home/me/creds/user-pk.pem',
      EUCALYPTUS_CERT: '/home/me/creds/cloud-cert.pem',
    })
  })
})

test('over TLS the variables name its URL, and whom to trust', () => {
  const secure = { url: 'https://127.0.0.1:8773', authority: '/data/tls-authority.pem' }
  expect(Object.fromEntries(variables({ ...folder, secure }))).toMatchObject({
    AWS_ENDPOINT_URL: 'https://127.0.0.1:8773',
    S3_URL: 'https://127.0.0.1:8773/services/objectstorage',
    AWS_CA_BUNDLE: '/data/tls-authority.pem',
    NODE_EXTRA_CA_CERTS: '/data/tls-authority.pem',
  })
  expect(Object.keys(Object.fromEntries(variables(folder)))).not.toContain('AWS_CA_BUNDLE')
})
