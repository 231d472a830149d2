import type { ObjectRecord, VersionRecord } from '../../objects/records.ts'
import { fault } from '../faults.ts'
import type { S3Call, S3World } from '../operation.ts'

/** How an object stands to the conditions of a request. */
export type Verdict = 'holds' | 'failed' | 'not modified'

type Headers = S3Call['headers']

const matches = (list: string, etag: string) =>
  list.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '').replaceAll('"', '') === etag)

/** Seconds since 1970, as HTTP dates count; undefined for what is no date, which is ignored (RFC 9110). */
function secondsOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

const modifiedAt = ({ lastModified }: { readonly lastModified: number }) => Math.floor(lastModified / 1000)

/**
 * Evaluates If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, or with a prefix such as
 * `x-amz-copy-source-` their likes, in the order of RFC 9110 section 13.2.2.
 */
export function judge(object: ObjectRecord, headers: Headers, prefix = ''): Verdict {
  const { etag } = object
  const modified = modifiedAt(object)
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

/**
 * The conditions If-Match and If-None-Match of a request that would replace an object, for the store to judge while
 * nobody else can; so no write ever conflicts half way, and AWS' ConditionalRequestConflict has no case. Eucalyptus does
 * not look at them (eucalyptus-behaviour.md section 10.1 has conditions for GET only). What is returned throws
 * PreconditionFailed and NoSuchKey.
 */
export function replacementCondition(
  { settings }: S3World,
  headers: Headers,
): ((present: ObjectRecord | undefined) => void) | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (settings.fidelity === 'eucalyptus' || (ifMatch === undefined && ifNoneMatch === undefined)) return undefined
  return (present) => {
    if (ifMatch !== undefined && !present) throw fault('noSuchKey')
    if (ifMatch !== undefined && present && !matches(ifMatch, present.etag)) throw fault('preconditionFailed')
    if (ifNoneMatch !== undefined && present && matches(ifNoneMatch, present.etag)) throw fault('preconditionFailed')
  }
}

/** What an object must be for a request to delete it; each as sent, undefined when it does not matter. */
export interface DeletionTerms {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Bytes. */
  readonly size: string | undefined
}

/** The terms of a DeleteObject in its headers (S3 API reference). */
export const deletionTerms = (headers: Headers): DeletionTerms => ({
  etag: headers['if-match'],
  lastModified: headers['x-amz-if-match-last-modified-time'],
  size: headers['x-amz-if-match-size'],
})

/** Whether a version, a delete marker perhaps, meets terms; a delete marker has neither ETag nor bytes. */
function meets(version: VersionRecord, { etag, lastModified, size }: DeletionTerms): boolean {
  const isMarker = 'deleteMarker' in version
  if (etag !== undefined && !matches(etag, isMarker ? '' : version.etag)) return false
  if (lastModified !== undefined && secondsOf(lastModified) !== modifiedAt(version)) return false
  return size === undefined || (!isMarker && size.trim() === String(version.data.size))
}

/**
 * The condition of a deletion, for the store to judge. AWS has it; what is not there meets all terms (S3 API reference,
 * DeleteObject). What is returned throws PreconditionFailed.
 */
export function deletionCondition(
  { settings }: S3World,
  terms: DeletionTerms,
): ((present: VersionRecord | undefined) => void) | undefined {
  const isFree = Object.values(terms).every((term) => term === undefined)
  if (settings.fidelity === 'eucalyptus' || isFree) return undefined
  return (present) => {
    if (present && !meets(present, terms)) throw fault('preconditionFailed')
  }
}
