import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Fault, type Fidelity } from '../../src/protocol/faults.ts'
import { BadPath } from '../../src/protocol/rest.ts'
import { type Answer, document, elements } from '../../src/protocol/xml.ts'
import { MalformedXml } from '../../src/protocol/xml-read.ts'
import { type RefusalCode, StoreRefusal } from '../objects/refusal.ts'
import { versionIdOf } from '../objects/versions.ts'
import { type FaultName, fault } from './faults.ts'
import type { S3Answer } from './operation.ts'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** An answer that is a document in S3's name space; `content` is its fields or ready text. */
export function xmlAnswer(root: string, content: { readonly [name: string]: Answer } | string): S3Answer {
  return { xml: document(root, namespace, typeof content === 'string' ? content : elements(content, 's3')) }
}

/** A request's identity, its method, which decides whether there is a body, and where its answer goes. */
export interface Exchange {
  readonly method: string
  readonly requestId: string
  readonly response: ServerResponse
}

/** Node's own error when the client goes away while it is sent something. */
const isPrematureClose = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

/** Bytes of a small body. */
const mostAsText = 16 * 1024

/** Sends an answer. A client that goes away meanwhile is no error. Throws what breaks the stream of an object. */
export async function send({ method, requestId, response }: Exchange, answer: S3Answer): Promise<void> {
  const { status = 200, headers = {}, xml, bytes, stream } = answer
  // In a row, as Node takes them at the least cost.
  const all: string[] = ['x-amz-request-id', requestId]
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) all.push(name, value)
  }
  if (xml !== undefined) {
    all.push('content-type', 'application/xml', 'content-length', String(Buffer.byteLength(xml)))
  } else if (!stream && !bytes && status === 200 && method !== 'HEAD') all.push('content-length', '0')
  response.writeHead(status, all)
  if (method === 'HEAD') {
    stream?.destroy()
    response.end()
    return
  }
  if (!stream) {
    // As text, a byte a character, Node sends them in one go with the headers; as bytes in two, for twice the time.
    if (bytes && bytes.length <= mostAsText) response.end(bytes.toString('latin1'), 'latin1')
    else response.end(bytes ?? xml)
    return
  }
  try {
    await pipeline(stream, response)
  } catch (error) {
    if (!isPrematureClose(error)) throw error
  }
}

/** How the store's refusals are told to clients. */
const refusals: Readonly<Record<RefusalCode, FaultName>> = {
  AccessDenied: 'accessDenied',
  BucketAlreadyExists: 'bucketAlreadyExists',
  BucketNotEmpty: 'bucketNotEmpty',
  EntityTooSmall: 'entityTooSmall',
  InvalidPart: 'invalidPart',
  InvalidPartOrder: 'invalidPartOrder',
  KeyTooLong: 'keyTooLong',
  MethodNotAllowed: 'isDeleteMarker',
  NoSuchBucket: 'noSuchBucket',
  NoSuchKey: 'noSuchKey',
  NoSuchUpload: 'noSuchUpload',
  NoSuchVersion: 'noSuchVersion',
  TooManyBuckets: 'tooManyBuckets',
}

/** The fault that a client sees for an error, or undefined when the error is our own. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error
  if (error instanceof StoreRefusal) return fault(refusals[error.code])
  if (error instanceof MalformedXml) return fault('malformedXml')
  if (error instanceof BadPath) return fault('invalidUri')
  return undefined
}

/** Headers that stay whatever the answer becomes: a page of another origin may read errors too (cors.ts). */
const kept = /^(?:connection|vary|access-control-.*)$/

/** What is needed to tell a client of an error. */
export interface FailedExchange extends Exchange {
  readonly error: unknown
  readonly fidelity: Fidelity
  /** The path as sent. */
  readonly resource: string
}

/**
 * What tells a deleted object from one that never was (S3 user guide, "Working with delete markers"; the `false` is
 * what ceph/s3-tests knows). Eucalyptus does not tell.
 */
function markerHeaders({ error, fidelity }: FailedExchange): Record<string, string> {
  if (fidelity === 'eucalyptus' || !(error instanceof StoreRefusal)) return {}
  const { code, deleteMarker } = error
  if (!deleteMarker) return code === 'NoSuchKey' ? { 'x-amz-delete-marker': 'false' } : {}
  return {
    'x-amz-delete-marker': 'true',
    'x-amz-version-id': versionIdOf(deleteMarker),
    ...(code === 'MethodNotAllowed' && {
      allow: 'DELETE',
      'last-modified': new Date(deleteMarker.lastModified).toUTCString(),
    }),
  }
}

/**
 * Answers an error as S3 does: `<Error>` without a name space, and for HEAD the status alone. An error that is no fault
 * is a mistake of ours: it is logged with its stack and answered as InternalError. When an answer is under way already
 * it is broken off.
 */
export function renderS3Fault(failed: FailedExchange): void {
  const { error, fidelity, method, requestId, resource, response } = failed
  const known = faultOf(error)
  if (!known) console.error(error)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const told = known ?? fault('internalError')
  const { code, status, message } = told.face(fidelity)
  const { fields } = told
  const xml = document(
    'Error',
    undefined,
    elements({ Code: code, Message: message, Resource: resource, ...fields, RequestId: requestId }, 's3'),
  )
  for (const name of response.getHeaderNames()) if (!kept.test(name)) response.removeHeader(name)
  for (const [name, value] of Object.entries(markerHeaders(failed))) response.setHeader(name, value)
  // HEAD has no document that says it, and clients go on to the region of this header.
  if (fields['Region'] !== undefined) response.setHeader('x-amz-bucket-region', fields['Region'])
  response.setHeader('x-amz-request-id', requestId)
  response.setHeader('content-type', 'application/xml')
  if (method !== 'HEAD') response.setHeader('content-length', Buffer.byteLength(xml))
  response.writeHead(status)
  response.end(method === 'HEAD' ? undefined : xml)
}
