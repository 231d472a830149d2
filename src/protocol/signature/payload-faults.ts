import { Fault, type FaultRow } from '../faults.ts'

const row = (code: string, status: number, message: FaultRow['message']): FaultRow => ({ code, status, message })

/**
 * The faults of a body. The words are those of Eucalyptus where it has them (its S3 exception classes); checksums,
 * trailers and chunk sizes it does not know, there they are those of the S3 API reference.
 */
const rows = {
  incomplete: row(
    'IncompleteBody',
    400,
    () => 'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  ),
  stalled: row(
    'RequestTimeout',
    400,
    () =>
      'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  ),
  sha256: row(
    'XAmzContentSHA256Mismatch',
    400,
    () => "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ),
  md5: row('BadDigest', 400, () => 'The Content-MD5 you specified did not match what we received.'),
  badMd5: row('InvalidDigest', 400, () => 'The Content-MD5 you specified was invalid.'),
  checksum: row('BadDigest', 400, (name = '') => `The ${name} you specified did not match the calculated checksum.`),
  badChecksum: row('InvalidRequest', 400, (name = '') => `Value for ${name} header is invalid.`),
  severalChecksums: row(
    'InvalidRequest',
    400,
    () => 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  ),
  badTrailer: row(
    'MalformedTrailerError',
    400,
    () => 'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ),
  badChunk: row('InvalidRequest', 400, (why = '') => `The aws-chunked body is malformed: ${why}`),
  signature: row(
    'SignatureDoesNotMatch',
    403,
    () => 'The request signature we calculated does not match the signature you provided.',
  ),
  noLength: row('MissingContentLength', 411, (why = '') => why),
  badHash: row('AccessDenied', 403, () => 'x-amz-content-sha256 header is invalid.'),
  unverifiable: row('InvalidRequest', 400, (word = '') => `x-amz-content-sha256 ${word} does not fit this request`),
  tooLarge: row(
    'MaxMessageLengthExceeded',
    400,
    () => 'Your request was too big. The body is larger than this operation takes.',
  ),
} satisfies Record<string, FaultRow>

/** A fault of a request's body; `fields` become further elements of the error document. */
export function payloadFault(
  name: keyof typeof rows,
  details: readonly string[] = [],
  options: { fields?: Record<string, string>; cause?: unknown } = {},
): Fault {
  return new Fault(rows[name], details, options)
}
