import { text } from '../src/client/xml.ts'
import { type Bucket, contentOf } from './bucket.ts'

type Headers = Readonly<Record<string, string>>

/** The least bytes that every part but the last must have (eucalyptus-behaviour.md section 10.1). */
export const leastPart = 5 * 2 ** 20

/** A part as it is listed for completion: its number, its ETag, and further elements. */
export type ListedPart = readonly [number, string] | readonly [number, string, string]

/** Begins an upload in parts and gives its id; it ends with the bucket at the latest. */
export async function beginUpload(bucket: Bucket, key: string, headers: Headers = {}): Promise<string> {
  const answer = contentOf(await bucket.ask('POST', `${key}?uploads`, { headers }))
  return text(answer, 'UploadId') ?? ''
}

/** Uploads a part and gives its ETag. */
export async function putPart(
  bucket: Bucket,
  key: string,
  id: string,
  number: number,
  body: string | Buffer,
  headers: Headers = {},
): Promise<string> {
  const answer = await bucket.ask('PUT', `${key}?partNumber=${number}&uploadId=${id}`, { body, headers })
  return answer.headers['etag'] ?? ''
}

/** Completes an upload with the parts in the order in which they are given. */
export function completeUpload(
  bucket: Bucket,
  key: string,
  id: string,
  parts: readonly ListedPart[],
  headers: Headers = {},
): ReturnType<Bucket['ask']> {
  const listed = parts.map(
    ([number, etag, more = '']) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`,
  )
  const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
  return bucket.ask('POST', `${key}?uploadId=${id}`, { body, headers })
}
