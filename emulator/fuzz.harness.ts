import fc from 'fast-check'
import { type Credentials, sha256, signHeaders } from '../src/protocol/signature/sigv4.ts'

/** One change of some bytes, at a place between 0 (the first) and 1 (the end). */
type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'end'; readonly at: number }

const place = fc.double({ min: 0, max: 1, noNaN: true })
/** What parsers look at. */
const telling = fc.constantFrom(
  ...[
    '\r\n',
    '\0',
    '<',
    '&',
    '&#',
    ';',
    '--',
    '%',
    '"',
    ']]>',
    '<!--',
    '0\r\n',
    'ffffffffff',
    ':',
    '/../',
    ' ',
    '\xff',
  ].map((text) => Buffer.from(text, 'latin1')),
)

/** Changes of a request, one to four, in all of it or in its body alone. */
export const mutations = fc.record({
  bodyOnly: fc.boolean(),
  list: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('set' as const), at: place, byte: fc.nat(255) }),
      fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(64) }),
      fc.record({
        kind: fc.constant('insert' as const),
        at: place,
        bytes: fc.oneof(telling, fc.uint8Array({ maxLength: 16 })),
      }),
      fc.record({ kind: fc.constant('repeat' as const), at: place, length: fc.nat(64), times: fc.nat(400) }),
      fc.record({ kind: fc.constant('end' as const), at: place }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
})

/** The mutations as fast-check makes them. */
export type Mutations = typeof mutations extends fc.Arbitrary<infer Made> ? Made : never

function changed(bytes: Buffer, mutation: Mutation): Buffer {
  const at = Math.floor(mutation.at * bytes.length)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (mutation.kind) {
    case 'set':
      return Buffer.concat([before, Buffer.of(mutation.byte), after.subarray(1)])
    case 'cut':
      return Buffer.concat([before, after.subarray(mutation.length)])
    case 'insert':
      return Buffer.concat([before, mutation.bytes, after])
    case 'repeat':
      return Buffer.concat([before, ...Array<Buffer>(mutation.times).fill(after.subarray(0, mutation.length)), after])
    case 'end':
      return before
  }
}

/** A request as it goes over the wire, changed. */
export function mutate(request: Buffer, { bodyOnly, list }: Mutations): Buffer {
  const body = bodyOnly ? request.indexOf('\r\n\r\n') + 4 : 0
  return Buffer.concat([request.subarray(0, body), list.reduce<Buffer>(changed, request.subarray(body))])
}

/** A request that is good before it is changed. */
interface Sample {
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly unsigned?: boolean
}

const chunks = '5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n'
const chunked = {
  'x-amz-decoded-content-length': '11',
  'x-amz-trailer': 'x-amz-checksum-crc32',
  'content-encoding': 'aws-chunked',
}
const form = ['key', 'a', 'acl', 'private', 'file', 'the bytes']
  .map((text, index) => (index % 2 ? `${text}\r\n` : `--xYz\r\nContent-Disposition: form-data; name="${text}"\r\n\r\n`))
  .join('')
const xml = (method: string, path: string, query: string, body: string): Sample => ({ method, path, query, body })

/** One of everything that is parsed: request lines, headers, signed chunks, forms, documents. */
const samples: readonly Sample[] = [
  {
    method: 'PUT',
    path: '/fuzz/key',
    headers: { 'x-amz-meta-a': 'b', 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' },
    body: 'hello',
  },
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/fuzz', query: 'list-type=2&prefix=a&delimiter=%2F&max-keys=2&encoding-type=url' },
  { method: 'GET', path: '/fuzz/key', headers: { range: 'bytes=1-3', 'if-none-match': '"x"' } },
  { method: 'PUT', path: '/fuzz/copy', headers: { 'x-amz-copy-source': '/fuzz/key' } },
  { method: 'PUT', path: '/fuzz/chunks', headers: chunked, body: chunks },
  {
    method: 'POST',
    path: '/fuzz',
    headers: { 'content-type': 'multipart/form-data; boundary=xYz' },
    body: `${form}--xYz--\r\n`,
    unsigned: true,
  },
  xml(
    'POST',
    '/fuzz',
    'delete',
    '<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>',
  ),
  xml(
    'POST',
    '/fuzz/key',
    'uploadId=x',
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part></CompleteMultipartUpload>',
  ),
  xml('PUT', '/fuzz', 'versioning', '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>'),
  xml('PUT', '/fuzz', 'tagging', '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'),
  xml(
    'PUT',
    '/fuzz',
    'cors',
    '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>',
  ),
  xml(
    'PUT',
    '/fuzz',
    'lifecycle',
    '<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>a</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  ),
  xml(
    'PUT',
    '/fuzz',
    'policy',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::fuzz/none"}]}',
  ),
  xml(
    'PUT',
    '/fuzz/key',
    'acl',
    '<AccessControlPolicy><Owner><ID>x</ID></Owner><AccessControlList></AccessControlList></AccessControlPolicy>',
  ),
  {
    method: 'POST',
    path: '/services/Tokens',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  },
]

/** The samples as bytes, signed now by an account; the hash of a body is not, so that changed ones are read. */
export function signedSamples(credentials: Credentials, host: string, time: Date): Buffer[] {
  const signer = { ...credentials, region: 'us-east-1', time }
  return samples.map(({ method, path, query = '', headers = {}, body = '', unsigned }) => {
    const length: [string, string][] = body ? [['content-length', String(Buffer.byteLength(body))]] : []
    const all: [string, string][] = [['host', host], ['connection', 'close'], ...Object.entries(headers), ...length]
    const service = path.startsWith('/services') ? 'sts' : 's3'
    const unsignedBody = headers === chunked ? 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' : 'UNSIGNED-PAYLOAD'
    const payloadHash = service === 'sts' ? sha256(body) : unsignedBody
    const request = { method, rawPath: path, rawQuery: query, headers: all, payloadHash }
    const signed = unsigned ? all : signHeaders(request, { ...signer, service }).headers
    const head = signed.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return Buffer.from(`${method} ${path}${query && `?${query}`} HTTP/1.1\r\n${head}\r\n${body}`)
  })
}
