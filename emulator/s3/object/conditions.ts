import type { ObjectRecord } from '../../objects/records.ts'
import { fault } from '../faults.ts'
import type { S3Call } from '../operation.ts'

/** How an object stands to the conditions of a request. */
export type Verdict = 'holds' | 'failed' | 'not modified'

const matches = (list: string, etag: string) =>
  list.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '').replaceAll('"', '') === etag)

/** Seconds since 1970, as HTTP dates count; undefined for what is no date, which is ignored (RFC 9110). */
function secondsOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? undefined : time / 1000
}

/**
 * Evaluates If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, or with a prefix such as
 * `x-amz-copy-source-` their likes, in the order of RFC 9110 section 13.2.2.
 */
export function judge({ etag, lastModified }: ObjectRecord, headers: S3Call['headers'], prefix = ''): Verdict {
  const modified = Math.floor(lastModified / 1000)
  const ifMatch = headers[`${prefix}if-match`]
  const unmodifiedSince = secondsOf(headers[`${prefix}if-unmodified-since`])
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) return 'failed'
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'failed'
  const ifNoneMatch = headers[`${prefix}if-none-match`]
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag) ? 'not modified' : 'holds'
  const modifiedSince = secondsOf(headers[`${prefix}if-modified-since`])
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not modified' : 'holds'
}

/** The conditions under which a PUT replaces an object. Throws PreconditionFailed and NoSuchKey. */
export function checkReplacement(headers: S3Call['headers'], present: ObjectRecord | undefined): void {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch !== undefined && !present) throw fault('noSuchKey')
  if (ifMatch !== undefined && present && !matches(ifMatch, present.etag)) throw fault('preconditionFailed')
  if (ifNoneMatch !== undefined && present && matches(ifNoneMatch, present.etag)) throw fault('preconditionFailed')
}
