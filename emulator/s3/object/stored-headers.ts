import type { ObjectHeaders } from '../../objects/records.ts'
import { fault } from '../faults.ts'
import type { S3Call } from '../operation.ts'

/** Headers that are stored with an object and sent back as they came. */
const kept = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']

const metadataPrefix = 'x-amz-meta-'

/** Bytes of names and values of user metadata (S3 API reference, PutObject). */
const largestMetadata = 2048

/** `aws-chunked` is how the body travelled, not how the object is encoded. */
function withoutChunked(encoding: string): string | undefined {
  if (!/aws-chunked/i.test(encoding)) return encoding
  const codings = encoding.split(',').map((coding) => coding.trim())
  return codings.filter((coding) => coding.toLowerCase() !== 'aws-chunked').join(', ') || undefined
}

/** What is stored of a request's headers. Throws MetadataTooLarge. */
export function headersToStore(headers: S3Call['headers']): ObjectHeaders {
  const stored: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const name of kept) {
    const value = name === 'content-encoding' ? withoutChunked(headers[name] ?? '') : headers[name]
    if (value) stored[name] = value
  }
  const metadata: [name: string, value: string][] = []
  let size = 0
  for (const name in headers) {
    if (!name.startsWith(metadataPrefix)) continue
    const value = headers[name] ?? ''
    metadata.push([name.slice(metadataPrefix.length), value])
    size += name.length - metadataPrefix.length + value.length
  }
  if (size > largestMetadata) throw fault('metadataTooLarge')
  // Not assigned by name: `__proto__` is one that clients may send.
  return { headers: stored, metadata: Object.fromEntries(metadata) }
}

/** Adds user metadata to the headers of an answer. */
export function addMetadata(headers: Record<string, string | undefined>, { metadata }: ObjectHeaders): void {
  for (const name in metadata) headers[metadataPrefix + name] = metadata[name]
}
