import { type ChecksumAlgorithm, checksumLengths, checksumOf } from './checksums.ts'
import type { ChunkPlan, SignatureChain } from './chunked.ts'
import { payloadFault } from './payload-faults.ts'
import { type HeaderPair, headerValue } from './wire.ts'

/** What a body must be, as the headers of its request say. It is trusted only as far as these were signed. */
export interface PayloadPlan {
  /** The decoded length in bytes; undefined when the client did not say (HTTP chunks without a length). */
  readonly length: number | undefined
  /** Present when the body is `aws-chunked`. */
  readonly chunks?: ChunkPlan | undefined
  /** Expected hex SHA-256 of the body. */
  readonly sha256?: string | undefined
  /** Expected hex MD5, from Content-MD5. */
  readonly md5?: string | undefined
  /** The checksum to compute; `value` (base64) is missing when it comes in the trailer. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value?: string } | undefined
}

/** The words that x-amz-content-sha256 may hold in place of a hash. */
export const payloadWords = {
  unsigned: 'UNSIGNED-PAYLOAD',
  signedChunks: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  signedChunksTrailer: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  unsignedChunksTrailer: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
} as const

const knownWords: ReadonlySet<string> = new Set(Object.values(payloadWords))

const length = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

function chunkPlan(word: string, headers: readonly HeaderPair[], chain: SignatureChain | undefined): ChunkPlan {
  const decoded = headerValue(headers, 'x-amz-decoded-content-length')
  const size = length(decoded)
  if (size === undefined)
    throw payloadFault('noLength', [`${decoded ? 'Invalid' : 'Missing'} x-amz-decoded-content-length header`])
  const declared = (headerValue(headers, 'x-amz-trailer') ?? '').toLowerCase().split(',')
  const named = declared.map((name) => name.trim()).filter(Boolean)
  const signed = word !== payloadWords.unsignedChunksTrailer
  if (signed && !chain) throw payloadFault('unverifiable', [word])
  const trailers = word === payloadWords.signedChunks ? [] : named
  return { length: size, trailers, ...(signed && chain ? { chain } : {}) }
}

function contentMd5(headers: readonly HeaderPair[]): string | undefined {
  const sent = headerValue(headers, 'content-md5')
  if (sent === undefined) return undefined
  const bytes = Buffer.from(sent, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== sent) throw payloadFault('badMd5')
  return bytes.toString('hex')
}

/** Whether a text is the base64 of a checksum of that algorithm. */
export function isChecksum(algorithm: ChecksumAlgorithm, text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === checksumLengths[algorithm] && bytes.toString('base64') === text
}

function checksum(headers: readonly HeaderPair[], trailers: readonly string[]): PayloadPlan['checksum'] {
  const sent: { algorithm: ChecksumAlgorithm; value: string }[] = []
  for (const pair of headers) {
    const algorithm = checksumOf(pair[0])
    if (algorithm) sent.push({ algorithm, value: pair[1] })
  }
  if (sent.length + trailers.length === 0) return undefined
  const trailing = trailers.flatMap((name) => checksumOf(name) ?? [])
  if (sent.length + trailing.length > 1) throw payloadFault('severalChecksums')
  const [header] = sent
  if (header && !isChecksum(header.algorithm, header.value))
    throw payloadFault('badChecksum', [`x-amz-checksum-${header.algorithm}`])
  if (header) return header
  return trailing[0] && { algorithm: trailing[0] }
}

/**
 * Reads from an S3 request's headers what its body must be. The form is told by `word` (x-amz-content-sha256) and
 * never by Content-Encoding (clients.md, quirk 12). `chain` is needed for signed chunks; without it they are refused.
 * `ofObject: false` leaves the x-amz-checksum- headers alone: to CompleteMultipartUpload they are not its body's.
 * Throws Fault for headers that cannot be read.
 */
export function payloadPlan(
  headers: readonly HeaderPair[],
  word: string | undefined,
  options: { chain?: SignatureChain; ofObject?: boolean } = {},
): PayloadPlan {
  const chunked = word?.startsWith('STREAMING-') ?? false
  const hash = word !== undefined && /^[0-9a-f]{64}$/.test(word) ? word : undefined
  if (word !== undefined && hash === undefined && !knownWords.has(word))
    throw chunked ? payloadFault('unverifiable', [word]) : payloadFault('badHash')
  const chunks = chunked ? chunkPlan(word ?? '', headers, options.chain) : undefined
  return {
    length: chunks ? chunks.length : length(headerValue(headers, 'content-length')),
    chunks,
    sha256: hash,
    md5: contentMd5(headers),
    checksum: options.ofObject === false ? undefined : checksum(headers, chunks?.trailers ?? []),
  }
}
