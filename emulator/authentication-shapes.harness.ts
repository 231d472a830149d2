import { presignS3, signParameters, signS3Headers } from '../src/protocol/signature/sigv2.ts'
import { presign, type Signer, sha256, signHeaders } from '../src/protocol/signature/sigv4.ts'
import type { HeaderPair } from '../src/protocol/signature/wire.ts'

/** A request before anything is signed, and after. */
export interface Shaped {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** With whose keys to sign, and when it is. */
export interface Signers {
  readonly owner: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly stranger: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly now: Date
}

/** A way to send a request that must not be let in. */
export type Shape = (request: Shaped, signers: Signers) => Shaped

type Credentials = Signers['owner']
/** The kinds of services, by how they are signed. */
export type Kind = 's3' | 'query'

interface Change {
  readonly seconds?: number
  readonly service?: string
  readonly payloadHash?: string
}

const later = (now: Date, seconds = 0) => new Date(now.getTime() + seconds * 1000)
const serviceOf = (kind: Kind, { service }: Change) => service ?? (kind === 's3' ? 's3' : 'ec2')
const signer = (kind: Kind, credentials: Credentials, now: Date, change: Change): Signer => ({
  ...credentials,
  region: 'us-east-1',
  service: serviceOf(kind, change),
  time: later(now, change.seconds),
})

/** Version 4 in a header. */
export const v4 = (kind: Kind, request: Shaped, by: Credentials, now: Date, change: Change = {}): Shaped => {
  const payloadHash = change.payloadHash ?? sha256(Buffer.from(request.body))
  return { ...request, headers: signHeaders({ ...request, payloadHash }, signer(kind, by, now, change)).headers }
}

/** Version 4 in the query, good for a minute. */
export const v4Query = (kind: Kind, request: Shaped, by: Credentials, now: Date, change: Change = {}): Shaped => {
  const payloadHash = kind === 's3' ? 'UNSIGNED-PAYLOAD' : sha256(Buffer.from(request.body))
  return { ...request, rawQuery: presign({ ...request, payloadHash }, signer(kind, by, now, change), 60) }
}

/** Version 2: of Object Storage in a header, of the query services in the form. */
export function v2(kind: Kind, request: Shaped, by: Credentials, now: Date, { seconds }: Change = {}): Shaped {
  if (kind === 's3') return { ...request, headers: signS3Headers(request, by, later(now, seconds)) }
  const host = request.headers.find(([name]) => name === 'host')?.[1] ?? ''
  const parameters = [...new URLSearchParams(request.body)]
  const signed = signParameters({ ...request, host, parameters }, by, later(now, seconds))
  return { ...request, body: String(new URLSearchParams(signed)) }
}

/** Version 2 of Object Storage in the query. */
export const v2Query = (request: Shaped, by: Credentials, now: Date, seconds = 60): Shaped => ({
  ...request,
  rawQuery: presignS3(request, by, later(now, seconds)),
})

const headersBut = ({ headers }: Shaped, name: string) => headers.filter(([sent]) => sent !== name)
const inHeader = (request: Shaped, name: string, change: (value: string) => string): Shaped => ({
  ...request,
  headers: request.headers.map(([sent, value]) => [sent, sent === name ? change(value) : value]),
})
/** Another last digit of a signature, wherever it stands. */
const bogus = (value: string) => value.replace(/[0-9a-f](?=$)/, (digit) => (digit === '0' ? '1' : '0'))
const bogusV2 = (value: string) => value.replace(/.(?=[^:]{5}$)/, (digit) => (digit === 'A' ? 'B' : 'A'))

/** What must not be let in, of every service. */
const shapesOf = (kind: Kind): Record<string, Shape> => ({
  none: (request) => request,
  'V4 header, bogus': (request, { owner, now }) => inHeader(v4(kind, request, owner, now), 'authorization', bogus),
  'V4 query, bogus': (request, { owner, now }) => {
    const signed = v4Query(kind, request, owner, now)
    return { ...signed, rawQuery: bogus(signed.rawQuery) }
  },
  'V4 header, with the key of another': (request, { owner, stranger, now }) =>
    v4(kind, request, { ...owner, secretAccessKey: stranger.secretAccessKey }, now),
  'V4 query, with the key of another': (request, { owner, stranger, now }) =>
    v4Query(kind, request, { ...owner, secretAccessKey: stranger.secretAccessKey }, now),
  'V2, with the key of another': (request, { owner, stranger, now }) =>
    v2(kind, request, { ...owner, secretAccessKey: stranger.secretAccessKey }, now),
  'V4 header, of nobody': (request, { owner, now }) =>
    v4(kind, request, { ...owner, accessKeyId: 'AKIANOBODYNOBODYNOBO' }, now),
  'V4 header, expired': (request, { owner, now }) => v4(kind, request, owner, now, { seconds: -1000 }),
  'V4 query, expired': (request, { owner, now }) => v4Query(kind, request, owner, now, { seconds: -1000 }),
  'V2, expired': (request, { owner, now }) => v2(kind, request, owner, now, { seconds: -1000 }),
  'V4 header, future': (request, { owner, now }) => v4(kind, request, owner, now, { seconds: 1000 }),
  'V2, future': (request, { owner, now }) => v2(kind, request, owner, now, { seconds: 1000 }),
  'V4 header and query': (request, { owner, now }) => ({
    ...v4(kind, request, owner, now),
    rawQuery: v4Query(kind, request, owner, now).rawQuery,
  }),
  'V4 header, host not signed': (request, { owner, now }) => {
    const signed = v4(kind, { ...request, headers: headersBut(request, 'host') }, owner, now)
    return { ...signed, headers: [...signed.headers, ...request.headers.filter(([name]) => name === 'host')] }
  },
  'V4 header, no date': (request, { owner, now }) => {
    const signed = v4(kind, request, owner, now)
    return { ...signed, headers: headersBut(signed, 'x-amz-date') }
  },
  'V4 header, an unsigned x-amz- header': (request, { owner, now }) => {
    const signed = v4(kind, request, owner, now)
    return { ...signed, headers: [...signed.headers, ['x-amz-meta-added', 'later']] }
  },
  'V4 header, another method': (request, { owner, now }) => ({
    ...v4(kind, { ...request, method: request.method === 'PUT' ? 'GET' : 'PUT' }, owner, now),
    method: request.method,
  }),
})

/** A body in chunks, with signatures that are none. */
const chunked = (body: string, trailer = '') =>
  `${body.length.toString(16)};chunk-signature=${'0'.repeat(64)}\r\n${body}\r\n0;chunk-signature=${'0'.repeat(64)}\r\n${trailer}\r\n`

const streamed = (request: Shaped, word: string, body: string, more: readonly HeaderPair[], signers: Signers) => {
  const length: HeaderPair = ['x-amz-decoded-content-length', '5']
  const announced = { ...request, headers: [...request.headers, length, ...more], body }
  return v4('s3', announced, signers.owner, signers.now, { payloadHash: word })
}

/** Requests of the owner, rightly signed, whose body is not what was signed: for operations that read one. */
export const badBodies: Record<string, Shape> = {
  'a body of another hash': (request, { owner, now }) => ({
    ...v4('s3', request, owner, now),
    body: `${request.body}x`,
  }),
  'chunks with bad signatures': (request, signers) =>
    streamed(request, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunked('hello'), [], signers),
  'a trailer with a bad signature': (request, signers) =>
    streamed(
      request,
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      chunked('hello', `x-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:${'0'.repeat(64)}\r\n`),
      [['x-amz-trailer', 'x-amz-checksum-crc32']],
      signers,
    ),
  'an unsigned trailer with a bad checksum': (request, signers) =>
    streamed(
      request,
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      [['x-amz-trailer', 'x-amz-checksum-crc32']],
      signers,
    ),
}

/** Shapes of Object Storage, its two forms of version 2 among them. */
export const s3Shapes: Record<string, Shape> = {
  ...shapesOf('s3'),
  'V2 header, bogus': (request, { owner, now }) => inHeader(v2('s3', request, owner, now), 'authorization', bogusV2),
  'V2 header, no date': (request, { owner, now }) => {
    const signed = v2('s3', request, owner, now)
    return { ...signed, headers: headersBut(signed, 'date') }
  },
  'V2 query, bogus': (request, { owner, now }) => {
    const signed = v2Query(request, owner, now)
    return {
      ...signed,
      rawQuery: signed.rawQuery.replace(/Signature=./, (text) => `Signature=${text.at(-1) === 'A' ? 'B' : 'A'}`),
    }
  },
  'V2 query, expired': (request, { owner, now }) => v2Query(request, owner, now, -60),
  'V2 header and V4 query': (request, { owner, now }) => ({
    ...v2('s3', request, owner, now),
    rawQuery: v4Query('s3', request, owner, now).rawQuery,
  }),
}

/** Rightly signed by somebody who may not. */
export const strangersShapes: Record<string, Shape> = {
  'V4 header, of a stranger': (request, { stranger, now }) => v4('s3', request, stranger, now),
  'V4 query, of a stranger': (request, { stranger, now }) => v4Query('s3', request, stranger, now),
  'V2 header, of a stranger': (request, { stranger, now }) => v2('s3', request, stranger, now),
  'V2 query, of a stranger': (request, { stranger, now }) => v2Query(request, stranger, now),
}

/** Shapes of EC2, IAM, STS and the bootstrap service. */
export const queryShapes: Record<string, Shape> = {
  ...shapesOf('query'),
  'V2, bogus': (request, { owner, now }) => {
    const signed = v2('query', request, owner, now)
    return {
      ...signed,
      body: signed.body.replace(/Signature=./, (text) => `Signature=${text.at(-1) === 'A' ? 'B' : 'A'}`),
    }
  },
  'V4 header, another body': (request, { owner, now }) => ({
    ...v4('query', request, owner, now),
    body: `${request.body}&Added=later`,
  }),
  'a signature of Object Storage': (request, { owner, now }) => v2('s3', request, owner, now),
  'V4 header without a hash of the body': (request, { owner, now }) =>
    v4('query', request, owner, now, { payloadHash: 'UNSIGNED-PAYLOAD' }),
}

/** Only AWS looks at the service in the scope; Eucalyptus takes any (clients.md, quirk 3). */
export const wrongService =
  (kind: Kind): Shape =>
  (request, { owner, now }) =>
    v4(kind, request, owner, now, { service: kind === 's3' ? 'ec2' : 's3' })
