import { createHmac } from 'node:crypto'
import type { S3Request } from '../src/client/s3.ts'
import type { RawRequest } from '../src/client/send.ts'
import type { Account } from './target.ts'

/*
 * Signatures of version 2 over a resource that the case tells in full. It is written apart from the client's own, so that
 * each checks the other (S3 developer guide, "Signing and authenticating REST requests").
 */

/** How a request is signed. */
export interface Version2 {
  /** What is asked for: bucket, key, and the sub-resources in order of their names, `/bucket/key?acl`. */
  readonly resource: string
  /** In the query, as a presigned URL has it; in a header otherwise. */
  readonly isPresigned?: boolean
}

/** What of a request signs it as an account; x-amz- headers are not supported. */
export function signedByVersion2(
  { accessKeyId, secretAccessKey }: Account,
  { resource, isPresigned = false }: Version2,
): Pick<S3Request, 'sign' | 'mutate'> {
  const mutate = (request: RawRequest): RawRequest => {
    const header = (wanted: string) => request.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? ''
    const now = new Date()
    const when = isPresigned ? String(Math.floor(now.getTime() / 1000) + 300) : now.toUTCString()
    const text = [request.method, header('content-md5'), header('content-type'), when, resource].join('\n')
    const signature = createHmac('sha1', secretAccessKey).update(text).digest('base64')
    if (!isPresigned) {
      const authorization = `AWS ${accessKeyId}:${signature}`
      return { ...request, headers: [...request.headers, ['date', when], ['authorization', authorization]] }
    }
    const signed = `AWSAccessKeyId=${accessKeyId}&Expires=${when}&Signature=${encodeURIComponent(signature)}`
    return { ...request, rawQuery: request.rawQuery === '' ? signed : `${request.rawQuery}&${signed}` }
  }
  return { sign: 'none', mutate }
}
