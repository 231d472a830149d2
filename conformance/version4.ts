import { createHash, createHmac } from 'node:crypto'
import type { S3Request } from '../src/client/s3.ts'
import type { RawRequest } from '../src/client/send.ts'
import type { Account } from './target.ts'

/*
 * Signatures of version 4 for requests that no client makes: with less under the signature than must be there, and in
 * chunks. It is written apart from the client's own, so that each checks the other (S3 API Reference, "Authenticating
 * requests: using the Authorization header").
 */

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** The header of a request by its name in lower case, '' when it is not there. */
const headerOf = ({ headers }: RawRequest, wanted: string): string =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? ''

/** What a signature is good for. */
export interface Scope {
  readonly date: string
  readonly region: string
  readonly service: string
}

const scopeText = ({ date, region, service }: Scope) => `${date}/${region}/${service}/aws4_request`

const signingKey = ({ secretAccessKey }: Account, { date, region, service }: Scope): Buffer =>
  [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, date))

/**
 * Signs a request anew that was signed before, with another list of headers under the signature or for another scope.
 * Paths and queries of letters, digits and slashes only: they are signed as they are.
 */
export function signedAnew(
  request: RawRequest,
  account: Account,
  { without = [], scope }: { readonly without?: readonly string[]; readonly scope: Scope },
): RawRequest {
  const headers = request.headers.filter(([name]) => name.toLowerCase() !== 'authorization')
  const names = headers.map(([name]) => name.toLowerCase()).filter((name) => !without.includes(name))
  const sorted = names.sort()
  const lines = sorted.map((name) => `${name}:${headerOf(request, name).trim()}\n`).join('')
  const { method, rawPath, rawQuery } = request
  const hash = headerOf(request, 'x-amz-content-sha256')
  const canonical = [method, rawPath, rawQuery, lines, sorted.join(';'), hash].join('\n')
  const time = headerOf(request, 'x-amz-date')
  const text = ['AWS4-HMAC-SHA256', time, scopeText(scope), sha256(canonical)].join('\n')
  const signature = hmac(signingKey(account, scope), text).toString('hex')
  const credential = `Credential=${account.accessKeyId}/${scopeText(scope)}`
  const value = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${sorted.join(';')}, Signature=${signature}`
  return { ...request, headers: [...headers, ['authorization', value]] }
}

/** How a body is sent in chunks. */
export interface Chunked {
  readonly chunks: readonly string[]
  /** Whether each chunk bears a signature; without, the trailer alone says what the body must be. */
  readonly isSigned: boolean
  /** A header that follows the body: its name and value. */
  readonly trailer?: readonly [string, string]
  /** Changes what is sent: each frame is a chunk with its head, the last two the empty one and the trailer. */
  readonly spoil?: (frames: readonly string[]) => readonly string[]
}

/** What of a PUT makes its body one in chunks, signed with version 4 by the account. */
export function inChunks(
  account: Account,
  { chunks, isSigned, trailer, spoil }: Chunked,
): Pick<S3Request, 'headers' | 'payloadHash' | 'mutate'> {
  const words = isSigned ? 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' : 'STREAMING-UNSIGNED-PAYLOAD'
  const frames = (request: RawRequest): string[] => {
    const [, given = '', seed = ''] =
      /Credential=[^/]+\/(\S+),.*Signature=(\w+)/.exec(headerOf(request, 'authorization')) ?? []
    const [date = '', region = '', service = ''] = given.split('/')
    const key = signingKey(account, { date, region, service })
    const time = headerOf(request, 'x-amz-date')
    let previous = seed
    const sign = (kind: string, hashes: string) => {
      previous = hmac(key, [`AWS4-HMAC-SHA256-${kind}`, time, given, previous, hashes].join('\n')).toString('hex')
      return previous
    }
    const frame = (chunk: string) => {
      const signature = isSigned ? `;chunk-signature=${sign('PAYLOAD', `${sha256('')}\n${sha256(chunk)}`)}` : ''
      return `${Buffer.byteLength(chunk).toString(16)}${signature}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
    }
    const sent = [...chunks, ''].map(frame)
    const line = trailer?.join(':')
    const proof =
      line !== undefined && isSigned ? `x-amz-trailer-signature:${sign('TRAILER', sha256(`${line}\n`))}\r\n` : ''
    return [...sent, line === undefined ? '\r\n' : `${line}\r\n${proof}\r\n`]
  }
  return {
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(Buffer.byteLength(chunks.join(''))),
      ...(trailer && { 'x-amz-trailer': trailer[0] }),
    },
    payloadHash: trailer ? `${words}-TRAILER` : words,
    mutate: (request) => ({ ...request, body: (spoil ?? ((all) => all))(frames(request)).join('') }),
  }
}
