import { Fault, type FaultRow } from '../faults.ts'

/** The services whose requests are signed. Empyrean is the bootstrap service of Eucalyptus. */
export type Service = 'ec2' | 'iam' | 'sts' | 'empyrean' | 's3'

/** What can be wrong with who a request says it is from. Each service has its own words for each. */
export type Problem =
  | 'missing'
  | 'several'
  | 'unsupported'
  | 'malformedV2'
  | 'malformed'
  | 'malformedQuery'
  | 'unknownKey'
  | 'mismatch'
  | 'old'
  | 'future'
  | 'expired'
  | 'badExpires'
  | 'badDate'
  | 'token'
  | 'expiredToken'
  | 'unsigned'
  | 'repeated'
  | 'noHash'
  | 'bodyHash'
  | 'scope'
  | 'version2'

type Row = [code: string, status: number, message: FaultRow['message'] | string]

const say = (message: Row[2]): FaultRow['message'] => (typeof message === 'string' ? () => message : message)

const row = ([code, status, message]: Row, aws?: Row): FaultRow => ({
  code,
  status,
  message: say(message),
  ...(aws ? { aws: { code: aws[0], status: aws[1], message: say(aws[2]) } } : {}),
})

const detail: FaultRow['message'] = (why = '') => why
const skewed = "The difference between the request time and the server's time is too large."
const unknown = 'The AWS Access Key Id you provided does not exist in our records.'
const mismatch = 'The request signature we calculated does not match the signature you provided.'
const advice = 'Check your key and signing method.'

/** Object storage. Eucalyptus: its S3Authentication, S3V2Authentication and S3V4Authentication; AWS: the S3 API reference. */
const s3: Record<Problem, FaultRow> = {
  missing: row(['AccessDenied', 403, 'Access Denied']),
  several: row([
    'InvalidArgument',
    400,
    'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
  ]),
  unsupported: row(
    ['MissingSecurityHeader', 400, 'Malformed or unexpected format for Authentication header'],
    ['InvalidArgument', 400, 'Unsupported Authorization Type'],
  ),
  malformedV2: row(['InvalidArgument', 400, 'AWS authorization header is invalid. Expected AwsAccessKeyId:signature']),
  malformed: row(
    ['AccessDenied', 403, 'Credential header is invalid.'],
    ['AuthorizationHeaderMalformed', 400, (why = '') => `The authorization header is malformed; ${why}`],
  ),
  malformedQuery: row(['AccessDenied', 403, detail], ['AuthorizationQueryParametersError', 400, detail]),
  unknownKey: row(['InvalidAccessKeyId', 403, unknown]),
  mismatch: row(['SignatureDoesNotMatch', 403, mismatch], ['SignatureDoesNotMatch', 403, `${mismatch} ${advice}`]),
  old: row(['RequestTimeTooSkewed', 403, skewed]),
  future: row(['RequestTimeTooSkewed', 403, skewed]),
  expired: row(['AccessDenied', 403, 'Cannot process request. Expired.'], ['AccessDenied', 403, 'Request has expired']),
  badExpires: row(
    ['AccessDenied', 403, 'Invalid Expires parameter.'],
    // 403 as ceph/s3-tests wants it; the API reference has 400 for the code.
    [
      'AuthorizationQueryParametersError',
      403,
      'X-Amz-Expires must be a number of seconds from 1 to 604800, which is a week',
    ],
  ),
  badDate: row(['AccessDenied', 403, detail]),
  // Eucalyptus finds no key for a token that is not good any more, or never was (AccessKeys, S3V4Authentication).
  token: row(
    ['InvalidAccessKeyId', 403, unknown],
    ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  ),
  expiredToken: row(['InvalidAccessKeyId', 403, unknown], ['ExpiredToken', 400, 'The provided token has expired.']),
  unsigned: row([
    'AccessDenied',
    403,
    (names = '') => `There were headers present in the request which were not signed: ${names}`,
  ]),
  repeated: row(['InvalidArgument', 400, (name = '') => `${name} is given more than once`]),
  noHash: row(
    ['AccessDenied', 403, 'x-amz-content-sha256 header is missing.'],
    ['InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256'],
  ),
  bodyHash: row([
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ]),
  scope: row(['AuthorizationHeaderMalformed', 400, detail]),
  version2: row([
    'InvalidRequest',
    400,
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  ]),
}

/**
 * EC2. Eucalyptus refuses before it knows the operation: the code is the status line and the text that of the
 * exception (eucalyptus-behaviour.md, section 1.3; QueryTimestampHandler, HmacHandler and the HMAC login modules).
 */
const forbidden = (message: Row[2], aws: Row): FaultRow => row(['403 Forbidden', 403, message], aws)
const validation = 'AWS was not able to validate the provided access credentials'
const ec2: Record<Problem, FaultRow> = {
  missing: forbidden('Missing required parameter: AWSAccessKeyId', [
    'MissingAuthenticationToken',
    403,
    'Request is missing Authentication Token',
  ]),
  several: forbidden('Only one way of signing is allowed', ['AuthFailure', 401, validation]),
  unsupported: forbidden('Unsupported Authorization type', ['AuthFailure', 401, validation]),
  malformedV2: forbidden('Unsupported Authorization type', ['AuthFailure', 401, validation]),
  malformed: forbidden(detail, ['IncompleteSignature', 400, detail]),
  malformedQuery: forbidden(detail, ['IncompleteSignature', 400, detail]),
  unknownKey: forbidden(unknown, ['AuthFailure', 401, validation]),
  mismatch: forbidden('Signature validation failed', ['AuthFailure', 401, validation]),
  old: forbidden(
    (time = '', deadline = '') => `Message has expired (times in UTC): ${time} Deadline=${deadline}`,
    ['RequestExpired', 400, 'Request has expired.'],
  ),
  future: forbidden(
    (time = '') => `Message was generated in the future (times in UTC): ${time}`,
    ['RequestExpired', 400, 'Request timestamp is too far in the future.'],
  ),
  expired: forbidden('Message has expired', ['RequestExpired', 400, 'Request has expired.']),
  badExpires: forbidden('Invalid Expires parameter.', ['IncompleteSignature', 400, 'Invalid Expires parameter.']),
  badDate: forbidden(detail, ['IncompleteSignature', 400, detail]),
  token: forbidden('Invalid security token', ['AuthFailure', 401, validation]),
  expiredToken: forbidden('Invalid access key or token', ['RequestExpired', 400, 'Request has expired.']),
  unsigned: forbidden(
    (names = '') => `Headers not signed: ${names}`,
    ['IncompleteSignature', 400, (names = '') => `Headers not signed: ${names}`],
  ),
  repeated: row(
    ['400 Bad Request', 400, (name = '') => `${name} is given more than once`],
    ['IncompleteSignature', 400, (name = '') => `${name} is given more than once`],
  ),
  noHash: forbidden('The body was not hashed', ['AuthFailure', 401, validation]),
  bodyHash: forbidden('Signature validation failed', ['AuthFailure', 401, validation]),
  scope: forbidden(detail, ['AuthFailure', 401, validation]),
  version2: forbidden('Signature version not supported: SignatureV2', [
    'InvalidRequest',
    400,
    'Signature version 2 is not accepted',
  ]),
}

/** IAM and STS differ from EC2 in what AWS says (common errors of the query protocol). */
const commonErrors: Partial<Record<Problem, Row>> = {
  unknownKey: ['InvalidClientTokenId', 403, 'The security token included in the request is invalid.'],
  token: ['InvalidClientTokenId', 403, 'The security token included in the request is invalid.'],
  expiredToken: ['ExpiredToken', 403, 'The security token included in the request is expired'],
  mismatch: ['SignatureDoesNotMatch', 403, `${mismatch} ${advice}`],
  bodyHash: ['SignatureDoesNotMatch', 403, `${mismatch} ${advice}`],
  scope: ['SignatureDoesNotMatch', 403, detail],
  // Documented as RequestExpired; this is what AWS answers.
  old: [
    'SignatureDoesNotMatch',
    403,
    (time = '', deadline = '') => `Signature expired: ${time} is of a request that was good until ${deadline}`,
  ],
  future: ['SignatureDoesNotMatch', 403, (time = '') => `Signature not yet current: ${time} is still to come`],
}

/** The fault of a service for a problem; `fields` become further elements of an S3 error document. */
export function authenticationFault(
  service: Service,
  problem: Problem,
  details: readonly string[] = [],
  fields: Record<string, string> = {},
): Fault {
  if (service === 's3') return new Fault(s3[problem], details, { fields })
  const common = service === 'ec2' ? undefined : commonErrors[problem]
  const { code, status, message } = ec2[problem]
  return new Fault(common ? row([code, status, message], common) : ec2[problem], details)
}
