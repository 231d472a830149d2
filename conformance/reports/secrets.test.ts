import { expect, test } from 'vitest'
import { isSecretHeader, secretsIn, strikeOut, struck } from './secrets.ts'

const key = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const signature = 'a3f5d0b6c5e89c0f'
const pem = `-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----`

test.each([
  ['a presigned URL', `/b/k?X-Amz-Date=1&X-Amz-Signature=${signature}&X-Amz-Expires=9`, signature],
  ['a presigned URL of version 2', `/b/k?AWSAccessKeyId=AKIA&Signature=ab%2Bc%3D&Expires=1`, 'ab%2Bc'],
  ['a URL in a form', `ImportManifestUrl=http%3A%2F%2Fs3%2Fm%3FSignature%3D${signature}%26Expires%3D9`, signature],
  ['a URL in XML', `<get-url>http://s3/k?A=1&amp;Signature=${signature}&amp;Expires=1</get-url>`, signature],
  [
    'version 4',
    `AWS4-HMAC-SHA256 Credential=AKIA/1/s3/aws4_request, SignedHeaders=host, Signature=${signature}`,
    signature,
  ],
  ['version 2', 'AWS AKIA:frJIUN8DYpKDtOLCwo//yllqDzg=', 'frJIUN8DYpKDtOLCwo'],
  ['a token in a form', `Action=DescribeImages&SecurityToken=${signature}&Version=1`, signature],
  ['the signature of an upload policy', `Storage.S3.UploadPolicySignature=${signature}&A=1`, signature],
  ['a form of parts', `--x\r\nContent-Disposition: form-data; name="Signature"\r\n\r\n${signature}\r\n--x`, signature],
  ['the same of version 4', `name="x-amz-signature"\r\nContent-Type: text/plain\r\n\r\n${signature}\r\n`, signature],
  ['a new access key', `<SecretAccessKey>${key}</SecretAccessKey>`, key],
  ['a session', `<SessionToken>${key}</SessionToken>`, key],
  ['an answer that was cut', `<keyMaterial>-----BEGIN RSA PRIVATE KEY-----\nMIIB`, 'MIIB'],
  ['a private key', `<keyMaterial>${pem}</keyMaterial>`, 'AAAA'],
  ['a private key in a text', `key:\n${pem}\n`, 'MIIB'],
  ['credentials of a role', `{\n  "SecretAccessKey" : "${key}",\n "Token" : "abcdefghijkl"}`, 'abcdefghijkl'],
  ['the same in the report of a guest', JSON.stringify({ metadata: `{"SecretAccessKey" : "${key}"}` }), key],
  ['a console', `<output>${Buffer.from(`{"SecretAccessKey" : "${key}"}`).toString('base64')}</output>`, 'impossible'],
])('%s loses its secret', (_, text, secret) => {
  const safe = strikeOut(text)
  expect(safe).not.toBe(text)
  expect(safe).not.toContain(secret)
  const console = /<output>(.*)<\/output>/.exec(safe)?.[1]
  expect(console === undefined ? safe : Buffer.from(console, 'base64').toString()).toContain(struck)
})

test('what is known to be secret is struck out wherever it stands, also as part of a URL', () => {
  expect(strikeOut(`echo ${key}; a=${encodeURIComponent(key)}`, [key])).toBe(`echo ${struck}; a=${struck}`)
  expect(strikeOut('a key', ['key'])).toBe('a key')
})

test('keys and tokens are known from then on', () => {
  expect(secretsIn(`<SecretAccessKey>${key}</SecretAccessKey>\n"Token" : "abcdefghijkl"`)).toEqual([
    key,
    'abcdefghijkl',
  ])
  expect(secretsIn(`Signature=${signature}`)).toEqual([])
})

test.each([
  'Action=RunInstances&SignatureMethod=HmacSHA256&SignatureVersion=2&ClientToken=abc',
  '<NextToken>abc</NextToken><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId>',
  '/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F1',
  `<output>${Buffer.from('Linux version 6.1').toString('base64')}</output>`,
])('%s stays as it is', (text) => expect(strikeOut(text)).toBe(text))

test('headers whose value is a secret', () => {
  expect(['X-Amz-Security-Token', 'Cookie', 'x-amz-server-side-encryption-customer-key'].every(isSecretHeader)).toBe(
    true,
  )
  expect(['Authorization', 'x-amz-date', 'x-amz-server-side-encryption-customer-key-md5'].some(isSecretHeader)).toBe(
    false,
  )
})
