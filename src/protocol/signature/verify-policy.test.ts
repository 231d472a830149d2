import { describe, expect, test } from 'vitest'
import { Fault } from '../faults.ts'
import { type FormFields, signPolicyV2, signPolicyV4, verifyPolicySignature } from './verify-policy.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const scope = { date: '20151229', region: 'us-east-1', service: 's3' }

/** The policy of the S3 API reference, "Example: browser-based upload using HTTP POST (Signature Version 4)". */
const published = `{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}`
const policy = Buffer.from(published.replaceAll('\n', '\r\n')).toString('base64')
const signature = '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e'

test('version 4 signs as published', () => expect(signPolicyV4(policy, secret, scope)).toBe(signature))

const v4: FormFields = new Map([
  ['policy', policy],
  ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
  ['x-amz-credential', 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request'],
  ['x-amz-date', '20151229T000000Z'],
  ['x-amz-signature', signature],
])
const v2: FormFields = new Map([
  ['policy', policy],
  ['awsaccesskeyid', 'AKIAIOSFODNN7EXAMPLE'],
  ['signature', signPolicyV2(policy, { secretAccessKey: secret })],
])

describe('verifyPolicySignature', () => {
  const rules = { fidelity: 'aws', version2: true, strictScope: true } as const
  const lookUp = (id: string, token: string | undefined) => {
    if (id !== 'AKIAIOSFODNN7EXAMPLE') return undefined
    return { secret, version4Only: token === 'only 4', expired: token === 'expired' }
  }
  const verdict = (fields: FormFields, change: Record<string, string> = {}, more: object = {}) => {
    try {
      verifyPolicySignature(new Map([...fields, ...Object.entries(change)]), lookUp, { ...rules, ...more })
      return 'good'
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return error.face('aws').code
    }
  }
  const token = (value: string) => ({ 'x-amz-security-token': value })

  test.each<[string, FormFields, Record<string, string>, string]>([
    ['version 4', v4, {}, 'good'],
    ['version 2', v2, {}, 'good'],
    ['version 4 of a session', v4, token('t'), 'good'],
    ['another policy', v4, { policy: 'e30=' }, 'SignatureDoesNotMatch'],
    ['another policy, version 2', v2, { policy: 'e30=' }, 'SignatureDoesNotMatch'],
    [
      'another region',
      v4,
      { 'x-amz-credential': 'AKIAIOSFODNN7EXAMPLE/20151229/x/s3/aws4_request' },
      'SignatureDoesNotMatch',
    ],
    [
      'another service',
      v4,
      { 'x-amz-credential': 'AKIAIOSFODNN7EXAMPLE/20151229/x/ec2/aws4_request' },
      'AuthorizationHeaderMalformed',
    ],
    ['another day', v4, { 'x-amz-date': '20151230T000000Z' }, 'AccessDenied'],
    ['another algorithm', v4, { 'x-amz-algorithm': 'AWS4-HMAC-SHA1' }, 'InvalidArgument'],
    ['another key', v2, { awsaccesskeyid: 'AKIA' }, 'InvalidAccessKeyId'],
    ['another key with a token', v2, { awsaccesskeyid: 'AKIA', ...token('t') }, 'InvalidToken'],
    ['the key of a session that is over', v2, token('expired'), 'ExpiredToken'],
    ['a key that does not sign with version 2', v2, token('only 4'), 'InvalidRequest'],
  ])('%s', (_, fields, change, expected) => expect(verdict(fields, change)).toBe(expected))

  test.each<[string | undefined, FormFields, string]>([
    [undefined, v4, 'good'],
    ['us-east-1', v4, 'good'],
    ['eu-west-1', v4, 'InvalidArgument'],
    // Version 2 has no scope.
    ['eu-west-1', v2, 'good'],
  ])('where the region is %s', (region, fields, expected) => expect(verdict(fields, {}, { region })).toBe(expected))

  test('a form for another region is told which is right', () =>
    expect(() => verifyPolicySignature(v4, lookUp, { ...rules, region: 'eu-west-1' })).toThrow(
      expect.objectContaining({
        message: "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        fields: {
          ArgumentName: 'X-Amz-Credential',
          ArgumentValue: 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request',
          Region: 'eu-west-1',
        },
      }),
    ))

  test('version 2 where it is not taken', () => expect(verdict(v2, {}, { version2: false })).toBe('InvalidRequest'))
})
