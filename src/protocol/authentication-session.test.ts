import { describe, expect, test } from 'vitest'
import { authenticate } from './authentication.ts'
import { Fault, type Fidelity } from './faults.ts'
import type { AccessKeyLookUp, AuthenticationRequest } from './signature/request.ts'
import { signParameters } from './signature/sigv2.ts'
import { base, credentials, host, now, replace, v2, v2Query, v4, v4Query } from './signed-requests.test.support.ts'

const token = 'FwoGZXIvYXdz+/='
const encoded = encodeURIComponent(token)

/** Key `ended` belongs to a session that is over, `permanent` to no session. */
const lookUp: AccessKeyLookUp = (id, sent) => {
  const key = { secret: credentials.secretAccessKey }
  if (id === 'permanent') return sent === undefined ? key : undefined
  return sent === token ? { ...key, expired: id === 'ended' } : undefined
}

/** `accepted`, or the faces of the refusal in both clouds. */
function verdict(request: AuthenticationRequest): string {
  try {
    authenticate(request, lookUp, now, { fidelity: 'eucalyptus', version2: true, strictScope: false })
    return 'accepted'
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const face = (fidelity: Fidelity) => `${error.face(fidelity).code} ${error.face(fidelity).status}`
    return [...new Set([face('eucalyptus'), face('aws')])].join(' / ')
  }
}

type Change = Parameters<typeof v4>[0]

/** Version 2 of a query service, with or without the token among its parameters. */
function v2Form(sent: string | undefined, change: Change = {}): AuthenticationRequest {
  const request = base({ service: 'ec2' })
  const parameters: [string, string][] = [
    ['Action', 'DescribeImages'],
    ...(sent === undefined ? [] : [['SecurityToken', sent] as [string, string]]),
  ]
  const signer = { ...credentials, accessKeyId: change.id ?? credentials.accessKeyId }
  const signed = { method: request.method, host: host[1], rawPath: request.rawPath, parameters }
  return { ...request, form: signParameters(signed, signer, now) }
}

const inHeader = (sent: string | undefined) => (sent === undefined ? {} : { headers: [['x-amz-security-token', sent]] })
const inQuery = (name: string, sent: string | undefined) =>
  sent === undefined ? {} : { rawQuery: `${name}=${encodeURIComponent(sent)}` }

const forms: Record<string, (sent: string | undefined, change?: Change) => AuthenticationRequest> = {
  'V4 header, S3': (sent, change) => v4({ ...(inHeader(sent) as Change), ...change }),
  'V4 header, EC2': (sent, change) => v4({ service: 'ec2', ...(inHeader(sent) as Change), ...change }),
  'V4 header, STS': (sent, change) => v4({ service: 'sts', ...(inHeader(sent) as Change), ...change }),
  'V4 query, S3': (sent, change) => v4Query({ ...inQuery('X-Amz-Security-Token', sent), ...change }),
  'V4 query, EC2': (sent, change) => v4Query({ service: 'ec2', ...inQuery('X-Amz-Security-Token', sent), ...change }),
  'V2 header, S3': (sent, change) => v2({ ...(inHeader(sent) as Change), ...change }),
  'V2 query, S3': (sent, change) => v2Query({ ...inQuery('x-amz-security-token', sent), ...change }),
  'V2 form, EC2': v2Form,
}

const s3 = {
  absent: 'InvalidAccessKeyId 403',
  wrong: 'InvalidAccessKeyId 403 / InvalidToken 400',
  over: 'InvalidAccessKeyId 403 / ExpiredToken 400',
}
const ec2 = {
  absent: '403 Forbidden 403 / AuthFailure 401',
  wrong: '403 Forbidden 403 / AuthFailure 401',
  over: '403 Forbidden 403 / RequestExpired 400',
}
const sts = {
  absent: '403 Forbidden 403 / InvalidClientTokenId 403',
  wrong: '403 Forbidden 403 / InvalidClientTokenId 403',
  over: '403 Forbidden 403 / ExpiredToken 403',
}

describe.each(Object.entries(forms))('a session, %s', (name, form) => {
  const faults = name.endsWith('S3') ? s3 : name.endsWith('STS') ? sts : ec2

  test('is known by its token', () => expect(verdict(form(token))).toBe('accepted'))

  test('is not known without it', () => expect(verdict(form(undefined))).toBe(faults.absent))

  test('is not known by another one', () => expect(verdict(form(`${token}x`))).toBe(faults.wrong))

  test('is not known by an empty one', () => expect(verdict(form(''))).toBe(faults.wrong))

  test('is over when it is over', () => expect(verdict(form(token, { id: 'ended' }))).toBe(faults.over))

  test('is none of a permanent key', () => expect(verdict(form(token, { id: 'permanent' }))).toBe(faults.wrong))
})

describe('a token is refused', () => {
  test.each<[what: string, request: AuthenticationRequest, refusal: string]>([
    [
      'that is not signed',
      { ...v4(), headers: [...v4().headers, ['x-amz-security-token', token]] },
      'AccessDenied 403',
    ],
    ['in the query beside a header', v4({ rawQuery: `X-Amz-Security-Token=${encoded}` }), s3.wrong],
    ['in a header beside the query', v4Query({ headers: [['x-amz-security-token', token]] }), s3.wrong],
    ['of version 2 with version 4', v4({ service: 'ec2', body: `SecurityToken=${encoded}` }), ec2.wrong],
    ['of version 4 with version 2', { ...v2Form(token), rawQuery: `X-Amz-Security-Token=${encoded}` }, ec2.wrong],
    [
      'that is there twice',
      v2Query({ rawQuery: `x-amz-security-token=${encoded}&X-Amz-Security-Token=${encoded}` }),
      s3.wrong,
    ],
    [
      'that was changed',
      replace(v4({ headers: [['x-amz-security-token', 'other']] }), 'x-amz-security-token', () => token),
      'SignatureDoesNotMatch 403',
    ],
  ])('%s', (_what, request, refusal) => expect(verdict(request)).toBe(refusal))
})
