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
  const entries = kept.flatMap((name): [string, string][] => {
    const value = name === 'content-encoding' ? withoutChunked(headers[name] ?? '') : headers[name]
    return value ? [[name, value]] : []
  })
  const metadata = Object.entries(headers).flatMap(([name, value = '']): [string, string][] =>
    name.startsWith(metadataPrefix) ? [[name.slice(metadataPrefix.length), value]] : [],
  )
  const size = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (size > largestMetadata) throw fault('metadataTooLarge')
  return {
    headers: { 'content-type': 'binary/octet-stream', ...Object.fromEntries(entries) },
    metadata: Object.fromEntries(metadata),
  }
}

/** Stored headers as an answer has them. */
export function headersToSend({ headers, metadata }: ObjectHeaders): Record<string, string> {
  const named = Object.entries(metadata).map(([name, value]) => [metadataPrefix + name, value])
  return { ...headers, ...Object.fromEntries(named) }
}
