import { describe, expect, test } from 'vitest'
import { signPolicyV2 } from '../../src/protocol/signature/verify-policy.ts'
import {
  base64,
  bundlePart,
  type Conditions,
  type Fields,
  form,
  presigned,
  signed,
  told,
  usual,
} from './post-form.test.support.ts'
import { servedS3 } from './service.test.support.ts'

const clouds = { eucalyptus: servedS3(), aws: servedS3('aws') }

/** A form as a bundling node sends it, with further conditions and fields. */
const bundle = (conditions: Conditions, fields: Fields = {}, policy: object = {}) =>
  signed([...usual, ...conditions], { ...bundlePart, ...fields }, policy)
const v4 = (change: Fields) => presigned([{ bucket: 'mine' }], { key: 'prefix.part.00' }, change)
const deep = base64('['.repeat(9000))

/** What each cloud answers, and what is wrong in the forms that get that. */
const refusals: [answers: { eucalyptus: string; aws?: string }, Record<string, Fields>][] = [
  [
    { eucalyptus: '403 SignatureDoesNotMatch' },
    {
      'a wrong signature': { ...bundle([]), Signature: 'AAAA' },
      'a policy that was changed': { ...bundle([]), Policy: base64({ conditions: [] }) },
      'a wrong signature of version 4': { ...v4({}), 'x-amz-signature': 'ab' },
    },
  ],
  [{ eucalyptus: '403 InvalidAccessKeyId' }, { 'a key of nobody': signed(usual, bundlePart, {}, 'eve') }],
  [
    { eucalyptus: '403 InvalidAccessKeyId', aws: '400 InvalidToken' },
    { 'a token of nobody': bundle([{ 'x-amz-security-token': 't' }], { 'x-amz-security-token': 't' }) },
  ],
  [
    { eucalyptus: '400 InvalidPolicyDocument', aws: '400 InvalidArgument' },
    {
      'no signature': { ...bundle([]), Signature: '' },
      'no access key': { ...bundle([]), AWSAccessKeyId: '' },
      'no key': signed(usual, { acl: 'ec2-bundle-read' }),
    },
  ],
  [
    { eucalyptus: '403 AccessDenied', aws: '400 AuthorizationHeaderMalformed' },
    {
      'a credential that is none': v4({ 'x-amz-credential': 'key-of-alice' }),
    },
  ],
  [{ eucalyptus: '403 AccessDenied' }, { 'a time of another day': v4({ 'x-amz-date': '20260102T000000Z' }) }],
  [
    { eucalyptus: '400 MissingSecurityHeader', aws: '400 InvalidArgument' },
    { 'another algorithm': v4({ 'x-amz-algorithm': 'AWS4-ECDSA-P256-SHA256' }) },
  ],
  [
    { eucalyptus: '400 KeyTooLong', aws: '400 KeyTooLongError' },
    { 'a key that is too long': signed([], { key: 'k'.repeat(1025) }) },
  ],
  [
    { eucalyptus: '400 InvalidArgument' },
    {
      'a field that comes twice': { ...bundle([]), KEY: 'prefix.other' },
      'metadata with a line end': bundle([['starts-with', '$x-amz-meta-a', '']], { 'x-amz-meta-a': 'b\r\nc: d' }),
      'metadata under a name that no header has': bundle([{ 'x-amz-meta-ä b': '1' }], { 'x-amz-meta-ä b': '1' }),
      'an unknown canned ACL': signed([{ bucket: 'mine' }, { key: 'k' }, { acl: 'x' }], { key: 'k', acl: 'x' }),
    },
  ],
  [
    { eucalyptus: '400 InvalidPolicyDocument', aws: '403 AccessDenied' },
    {
      'a policy that expired': bundle([], {}, { expiration: '2025-12-31T23:59:59Z' }),
      'another bucket': signed([{ bucket: 'other' }, { key: 'k' }], { key: 'k' }),
      'a form that names another bucket than its path': signed([{ bucket: 'b' }, { key: 'k' }], {
        key: 'k',
        bucket: 'b',
      }),
      'a policy that is silent on the bucket': signed([{ key: 'k' }], { key: 'k' }),
      'another prefix': bundle([], { key: 'other' }),
      'another ACL': bundle([], { acl: 'public-read' }),
      'a field that the policy is silent on': bundle([], { 'x-amz-meta-a': '1' }),
      'a field that the policy wants': bundle([['starts-with', '$x-amz-meta-a', '']]),
    },
  ],
  [
    { eucalyptus: '400 InvalidPolicyDocument' },
    {
      'an expiration that is no time': bundle([], {}, { expiration: '2026-01-02 00:00:00+00:00' }),
      'no conditions': bundle([], {}, { conditions: undefined }),
      'an empty condition': bundle([{}]),
      'a condition that is none': bundle([['like', '$key', '*']]),
      'a size without an end': bundle([['content-length-range', 0]]),
      'a size below nothing': bundle([['content-length-range', -1, 9]]),
      'a size as Eucalyptus alone reads it': bundle([['content-length-range', '$size', '6,9']]),
      'a policy that is no JSON': {
        ...{ ...bundlePart, AWSAccessKeyId: 'key-of-alice', Policy: deep },
        Signature: signPolicyV2(deep, { secretAccessKey: 'secret-of-alice' }),
      },
    },
  ],
  [
    { eucalyptus: '400 InvalidPolicyDocument', aws: '400 EntityTooLarge' },
    { 'a file that is too large': bundle([['content-length-range', 0, 4]]) },
  ],
  [
    { eucalyptus: '400 InvalidPolicyDocument', aws: '400 EntityTooSmall' },
    { 'a file that is too small': bundle([['content-length-range', '6', '9']]) },
  ],
  [
    { eucalyptus: '400 MalformedPOSTRequest', aws: '400 MaxPostPreDataLengthExceededError' },
    { 'fields that are too large': bundle([['starts-with', '$a', '']], { a: 'x'.repeat(21_000) }) },
  ],
]

describe.each(['eucalyptus', 'aws'] as const)('%s', (fidelity) => {
  const { call } = clouds[fidelity]
  const post = async (fields: Fields) => {
    await call('PUT /mine')
    return told(await call('POST /mine', { as: 'anonymous', ...form(fields, 'hello') }))
  }
  const rows = refusals.flatMap(([{ eucalyptus, aws = eucalyptus }, forms]) =>
    Object.entries(forms).map(([name, fields]) => [name, { eucalyptus, aws }[fidelity], fields] as const),
  )

  test.each(rows)('refuses %s with %s and keeps nothing', async (_, expected, fields) => {
    expect(await post(fields)).toBe(expected)
    expect((await call('GET /mine')).all('Key')).toEqual([])
  })

  test.each<[string, string, string, Fields]>([
    ['no expiration', '204', '400 InvalidPolicyDocument', bundle([], {}, { expiration: undefined })],
    ['a type that it is silent on', '204', '403 AccessDenied', bundle([], { 'Content-Type': 'a/b' })],
    [
      'sizes as Eucalyptus reads them',
      '204',
      '400 InvalidPolicyDocument',
      bundle([['content-length-range', '', '1,9']]),
    ],
  ])('a policy with %s is good in Eucalyptus only', async (_, eucalyptus, aws, fields) => {
    expect(await post(fields)).toBe({ eucalyptus, aws }[fidelity])
    await call('DELETE /mine/prefix.part.00')
  })
})
