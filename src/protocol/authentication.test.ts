import { describe, expect, test } from 'vitest'
import type { AuthenticationRequest, AuthenticationRules } from './signature/request.ts'
import { s3StringToSign, signS3Headers, signV2 } from './signature/sigv2.ts'
import { sha256 } from './signature/sigv4.ts'
import type { HeaderPair } from './signature/wire.ts'
import {
  ask,
  base,
  credentials,
  host,
  now,
  replace,
  v2,
  v2Form,
  v2Query,
  v4,
  v4Query,
  verdict,
} from './signed-requests.test.support.ts'

describe('accepted', () => {
  test.each([
    ['V4-header', v4()],
    ['V4-query', v4Query()],
    ['V2-header', v2()],
    ['V2-query', v2Query({ expires: 30 * 86_400 })],
    ['V2-query', v2Form()],
    ['V4-header', v4({ service: 'ec2', body: 'Action=DescribeImages' })],
    ['V4-query', v4Query({ service: 'sts', rawQuery: 'Action=GetCallerIdentity' })],
  ] as const)('%s', (method, request) => {
    expect(ask(request)).toMatchObject({ kind: 'signed', accessKeyId: credentials.accessKeyId, method })
  })

  test('without a signature: S3 alone', () => {
    expect(ask(base({})).kind).toBe('anonymous')
    expect(ask(base({ headers: [['authorization', '']] })).kind).toBe('anonymous')
    expect(verdict(base({ service: 'ec2' }))).toBe('403 Forbidden 403 / MissingAuthenticationToken 403')
  })

  test('version 2 signed without the path of the service, and without the Content-Type', () => {
    const bare = base({ rawPath: '/bucket/a%20key' })
    const headers = signS3Headers(bare, credentials, now)
    expect(verdict({ ...bare, headers, rawPath: '/services/objectstorage/bucket/a%20key' })).toBe('accepted signed')
    const root = signS3Headers(base({ rawPath: '/', method: 'GET' }), credentials, now)
    expect(verdict({ ...base({ rawPath: '/services/objectstorage', method: 'GET' }), headers: root })).toBe(
      'accepted signed',
    )
    const untyped = base({ rawPath: '/bucket/key', method: 'GET' })
    const typed: HeaderPair[] = [...signS3Headers(untyped, credentials, now), ['content-type', 'text/plain']]
    expect(verdict({ ...untyped, servicePath: '', headers: typed })).toBe('accepted signed')
    expect(verdict({ ...untyped, servicePath: '', headers: typed, method: 'PUT' })).toMatch(/^SignatureDoesNotMatch/)
  })

  test('version 2 with x-amz-date in place of Date, or a Date that ends in -0000', () => {
    const date = 'Fri, 01 Mar 2024 12:00:00 -0000'
    const amz = v2({ headers: [['x-amz-date', date]] })
    expect(verdict(replace(amz, 'date', () => undefined))).toBe('accepted signed')
    const euca2ools = base({ headers: [['date', date]] })
    const toSign = s3StringToSign(euca2ools, { rawPath: euca2ools.rawPath, contentType: true })
    const value = `AWS ${credentials.accessKeyId}:${signV2(credentials.secretAccessKey, toSign, 'sha1')}`
    expect(verdict({ ...euca2ools, headers: [...euca2ools.headers, ['authorization', value]] })).toBe('accepted signed')
    expect(verdict(replace(v2(), 'date', () => date))).toMatch(/^SignatureDoesNotMatch/)
  })

  test('version 2 of botocore: a slash after the bucket, and spaces within a header', () => {
    const headers: HeaderPair[] = [['x-amz-meta-a', 'v  w']]
    const signed = v2({ rawPath: '/services/objectstorage/bucket/', headers })
    expect(verdict({ ...signed, rawPath: '/services/objectstorage/bucket' })).toBe('accepted signed')
    const key = v2({ rawPath: '/services/objectstorage/bucket/key/' })
    expect(verdict({ ...key, rawPath: '/services/objectstorage/bucket/key' })).toMatch(/^SignatureDoesNotMatch/)
  })

  test('version 2 parameters that are repeated exactly, a plus in the signature left unencoded', () => {
    const request = v2Form()
    expect(verdict({ ...request, form: [...(request.form ?? []), ...(request.form ?? [])] })).toBe('accepted signed')
    expect(
      verdict({
        ...request,
        form: (request.form ?? []).map(([name, value]) => [
          name,
          value.replaceAll('+', name === 'Signature' ? ' ' : '+'),
        ]),
      }),
    ).toBe('accepted signed')
    const other: [string, string] = ['Name', 'other']
    expect(verdict({ ...request, form: [...(request.form ?? []), other] })).toBe(
      '400 Bad Request 400 / IncompleteSignature 400',
    )
  })

  test('header values beyond ASCII, and keys with two slashes', () => {
    const request = v4({ headers: [['x-amz-meta-a', 'größe']], rawPath: '/services/objectstorage/b/U//root/x%C3%A9' })
    expect(verdict(replace(request, 'x-amz-meta-a', (value) => Buffer.from(value).toString('latin1')))).toBe(
      'accepted signed',
    )
  })

  test('the path that the AWS SDK for Java signs, in Eucalyptus only', () => {
    const request = v4({ service: 'ec2', rawPath: '/' })
    expect(verdict({ ...request, rawPath: '/services/compute' })).toBe('accepted signed')
    expect(verdict({ ...request, rawPath: '/services/compute' }, { fidelity: 'aws' })).toMatch(/AuthFailure 401/)
  })
})

describe('what the body must be', () => {
  test.each([
    ['UNSIGNED-PAYLOAD', { length: 5 }],
    [sha256('12345'), { length: 5, sha256: sha256('12345') }],
  ])('%s', (payloadHash, payload) => {
    expect(ask(v4({ payloadHash, headers: [['content-length', '5']] }))).toMatchObject({ payload })
  })

  test('signed chunks start from the signature of the request', () => {
    const headers: HeaderPair[] = [['x-amz-decoded-content-length', '5']]
    const request = v4({ payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', headers })
    const seed = request.headers.at(-1)?.[1].slice(-64)
    expect(ask(request)).toMatchObject({ payload: { length: 5, chunks: { chain: { seed } } } })
  })

  test('signed chunks cannot be claimed without version 4', () => {
    const headers: HeaderPair[] = [
      ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
      ['x-amz-decoded-content-length', '5'],
    ]
    for (const request of [base({ headers }), v2({ headers })]) expect(verdict(request)).toBe('InvalidRequest 400')
  })
})

const drop = () => undefined
const refused: [name: string, request: AuthenticationRequest, code: string, rules?: Partial<AuthenticationRules>][] = [
  ['another secret', v4({ secret: 'x' }), 'SignatureDoesNotMatch 403'],
  ['another secret, V2', v2({ secret: 'x' }), 'SignatureDoesNotMatch 403'],
  ['another secret, V2 query', v2Query({ secret: 'x' }), 'SignatureDoesNotMatch 403'],
  ['another secret, V4 query', v4Query({ secret: 'x' }), 'SignatureDoesNotMatch 403'],
  ['another secret, EC2', v4({ service: 'ec2', secret: 'x' }), '403 Forbidden 403 / AuthFailure 401'],
  ['another secret, EC2 V2', v2Form({ secret: 'x' }), '403 Forbidden 403 / AuthFailure 401'],
  ['another secret, IAM', v4({ service: 'iam', secret: 'x' }), '403 Forbidden 403 / SignatureDoesNotMatch 403'],
  ['unknown key', v4({ id: 'AKIAAANOBODYNOBODYNO' }), 'InvalidAccessKeyId 403'],
  ['unknown key, V2', v2({ id: 'AKIAAANOBODYNOBODYNO' }), 'InvalidAccessKeyId 403'],
  ['unknown key, EC2', v4({ service: 'ec2', id: 'x' }), '403 Forbidden 403 / AuthFailure 401'],
  ['unknown key, STS', v4({ service: 'sts', id: 'x' }), '403 Forbidden 403 / InvalidClientTokenId 403'],
  ['901 s old', v4({ seconds: -901 }), 'RequestTimeTooSkewed 403'],
  ['901 s ahead', v4({ seconds: 901 }), 'RequestTimeTooSkewed 403'],
  ['901 s old, V2', v2({ seconds: -901 }), 'RequestTimeTooSkewed 403'],
  ['921 s old, EC2', v4({ service: 'ec2', seconds: -921 }), '403 Forbidden 403 / RequestExpired 400'],
  ['21 s ahead, EC2', v4({ service: 'ec2', seconds: 21 }), '403 Forbidden 403 / RequestExpired 400'],
  ['921 s old, STS', v4({ service: 'sts', seconds: -921 }), '403 Forbidden 403 / SignatureDoesNotMatch 403'],
  ['21 s ahead, STS', v4({ service: 'sts', seconds: 21 }), '403 Forbidden 403 / SignatureDoesNotMatch 403'],
  ['921 s old, EC2 V2', v2Form({ seconds: -921 }), '403 Forbidden 403 / RequestExpired 400'],
  [
    '901 s old, EC2 of AWS',
    v4({ service: 'ec2', seconds: -901 }),
    '403 Forbidden 403 / RequestExpired 400',
    { fidelity: 'aws' },
  ],
  ['expired', v4Query({ seconds: -81, expires: 60 }), 'AccessDenied 403'],
  ['expired, AWS', v4Query({ seconds: -61, expires: 60 }), 'AccessDenied 403', { fidelity: 'aws' }],
  ['not yet valid', v4Query({ seconds: 901 }), 'AccessDenied 403'],
  ['expired, V2', v2Query({ expires: -1 }), 'AccessDenied 403'],
  [
    'no Expires, V2',
    { ...v2Query(), rawQuery: 'AWSAccessKeyId=a&Signature=b' },
    'AccessDenied 403 / AuthorizationQueryParametersError 400',
  ],
  ['good for 604801 s', v4Query({ expires: 604_801 }), 'AccessDenied 403 / AuthorizationQueryParametersError 403'],
  ['good for 0 s', v4Query({ expires: 0 }), 'AccessDenied 403 / AuthorizationQueryParametersError 403'],
  ['good for -7 s', v4Query({ expires: -7 }), 'AccessDenied 403 / AuthorizationQueryParametersError 403'],
  ['header and query', { ...v4(), rawQuery: v4Query().rawQuery }, 'InvalidArgument 400'],
  ['V4 and V2 query', { ...v4Query(), rawQuery: `${v4Query().rawQuery}&AWSAccessKeyId=a` }, 'InvalidArgument 400'],
  [
    'header and form, EC2',
    { ...v4({ service: 'ec2' }), form: v2Form().form ?? [] },
    '403 Forbidden 403 / AuthFailure 401',
  ],
  ['host not signed', replace(v4(), 'authorization', (value) => value.replace('host;', '')), 'AccessDenied 403'],
  ['x-amz- header added', { ...v4(), headers: [...v4().headers, ['X-Amz-Acl', 'public-read']] }, 'AccessDenied 403'],
  ['signed header twice', { ...v4(), headers: [...v4().headers, host] }, 'InvalidArgument 400'],
  ['parameter twice', v4({ rawQuery: 'acl&acl' }), 'InvalidArgument 400'],
  [
    'sub-resource that V2 does not sign',
    v2({ rawQuery: 'publicAccessBlock' }),
    'InvalidRequest 400',
    { fidelity: 'aws' },
  ],
  ['sub-resource twice, V2', v2({ rawQuery: 'versionId=1&versionId=2' }), 'InvalidArgument 400'],
  ['no date', replace(v4(), 'x-amz-date', drop), 'AccessDenied 403'],
  ['bad date', replace(v4(), 'x-amz-date', () => 'Bad Date'), 'AccessDenied 403'],
  ['no date, V2', replace(v2(), 'date', drop), 'AccessDenied 403'],
  ['bad date, V2', replace(v2(), 'date', () => 'Bad Date'), 'AccessDenied 403'],
  ['no body hash', replace(v4(), 'x-amz-content-sha256', drop), 'AccessDenied 403 / InvalidRequest 400'],
  [
    'another body, EC2',
    { ...v4({ service: 'ec2', body: 'a' }), bodySha256: sha256('b') },
    '403 Forbidden 403 / AuthFailure 401',
  ],
  [
    'wrong hash signed, EC2',
    v4({ service: 'ec2', headers: [['x-amz-content-sha256', sha256('b')]] }),
    '403 Forbidden 403 / AuthFailure 401',
  ],
  [
    'unsigned body, EC2',
    v4({ service: 'ec2', payloadHash: 'UNSIGNED-PAYLOAD' }),
    '403 Forbidden 403 / AuthFailure 401',
  ],
  ['a session token', v4({ headers: [['x-amz-security-token', 't']] }), 'InvalidAccessKeyId 403 / InvalidToken 400'],
  [
    'malformed credential',
    replace(v4(), 'authorization', (value) => value.replace('/aws4_request', '')),
    'AccessDenied 403 / AuthorizationHeaderMalformed 400',
  ],
  [
    'date of another day',
    replace(v4(), 'authorization', (value) => value.replace('20240301', '20240302')),
    'AccessDenied 403 / AuthorizationHeaderMalformed 400',
  ],
  [
    'another version',
    replace(v4(), 'authorization', (value) => value.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1')),
    'MissingSecurityHeader 400 / InvalidArgument 400',
  ],
  ['Bearer', base({ headers: [['authorization', 'Bearer x']] }), 'MissingSecurityHeader 400 / InvalidArgument 400'],
  ['AWS HAHAHA', base({ headers: [['authorization', 'AWS HAHAHA']] }), 'InvalidArgument 400'],
  [
    'V2 header, EC2',
    base({ service: 'ec2', headers: [['authorization', 'AWS a:b']] }),
    '403 Forbidden 403 / AuthFailure 401',
  ],
  ['V2 switched off', v2(), 'InvalidRequest 400', { version2: false }],
  ['V2 switched off, EC2', v2Form(), '403 Forbidden 403 / InvalidRequest 400', { version2: false }],
  ['V2 with a V4-only key', v2({ id: 'AKIAAAONLYVERSION4XX' }), 'InvalidRequest 400'],
  ['another service in the scope', v4({ scope: 'ec2' }), 'AuthorizationHeaderMalformed 400', { strictScope: true }],
]

test.each(refused)('refused: %s', (_name, request, code, changed) => {
  expect(verdict(request, changed)).toBe(code)
})

test.each([
  ['900 s old', v4({ seconds: -900 })],
  ['900 s ahead', v4({ seconds: 900 })],
  ['920 s old, EC2', v4({ service: 'ec2', seconds: -920 })],
  ['20 s ahead, EC2', v4({ service: 'ec2', seconds: 20 })],
  ['good for 604800 s', v4Query({ expires: 604_800 })],
  ['at its last moment', v4Query({ seconds: -80, expires: 60 })],
  ['another service in the scope', v4({ service: 'ec2', scope: '127' })],
  ['a V4-only key', v4({ id: 'AKIAAAONLYVERSION4XX' })],
])('just accepted: %s', (_name, request) => {
  expect(verdict(request)).toBe('accepted signed')
})

test('a wrong signature shows what was signed', () => {
  const broken = replace(v4(), 'authorization', (value) => value.replace(/Signature=.*/, 'Signature=0'))
  expect(() => ask(broken)).toThrow(
    expect.objectContaining({
      fields: {
        AWSAccessKeyId: credentials.accessKeyId,
        StringToSign: expect.stringMatching(/^AWS4-HMAC-SHA256\n20240301T120000Z\n/),
        SignatureProvided: '0',
        StringToSignBytes: expect.stringMatching(/^41 57 53 34 2d/),
        CanonicalRequest: expect.stringMatching(/^PUT\n\/services\/objectstorage\/bucket\/a%20key\n/),
        CanonicalRequestBytes: expect.stringMatching(/^50 55 54 0a/),
      },
    }),
  )
})
