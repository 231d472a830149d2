import { authenticate } from './authentication.ts'
import { Fault, type Fidelity } from './faults.ts'
import type { AuthenticationRequest, AuthenticationRules } from './signature/request.ts'
import { presignS3, signParameters, signS3Headers } from './signature/sigv2.ts'
import { presign, sha256, signHeaders } from './signature/sigv4.ts'
import type { HeaderPair } from './signature/wire.ts'

/** The server's time in these tests. */
export const now = new Date('2024-03-01T12:00:00Z')
/** The one good access key. */
export const credentials = {
  accessKeyId: 'AKIAAAEXAMPLEEXAMPLE',
  secretAccessKey: 'eXaMpLeSeCrEt0123456789eXaMpLeSeCrEt0123',
}
const keys = new Map([
  [credentials.accessKeyId, { secret: credentials.secretAccessKey }],
  ['AKIAAAONLYVERSION4XX', { secret: credentials.secretAccessKey, version4Only: true }],
])
const rules: AuthenticationRules = { fidelity: 'eucalyptus', version2: true, strictScope: false }
/** Brings a request before the gate. */
export const ask = (request: AuthenticationRequest, changed: Partial<AuthenticationRules> = {}) =>
  authenticate(request, (id, token) => (token === undefined ? keys.get(id) : undefined), now, { ...rules, ...changed })

/** The faces of a refusal in both clouds, as `code status`; `accepted` when there was none. */
export function verdict(request: AuthenticationRequest, changed: Partial<AuthenticationRules> = {}): string {
  try {
    return `accepted ${ask(request, changed).kind}`
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const face = (fidelity: Fidelity) => `${error.face(fidelity).code} ${error.face(fidelity).status}`
    return [...new Set([face('eucalyptus'), face('aws')])].join(' / ')
  }
}

/** How a request departs from the plain good one of its service. */
interface Change {
  service?: AuthenticationRequest['service']
  scope?: string
  region?: string
  seconds?: number
  method?: string
  rawPath?: string
  rawQuery?: string
  headers?: HeaderPair[]
  body?: string
  payloadHash?: string
  id?: string
  secret?: string
  expires?: number
}

const signerOf = ({ service = 's3', scope, region = 'undefined-4711', seconds = 0, id, secret }: Change) => ({
  accessKeyId: id ?? credentials.accessKeyId,
  secretAccessKey: secret ?? credentials.secretAccessKey,
  region,
  service: scope ?? service,
  time: new Date(now.getTime() + seconds * 1000),
})

const servicePath = (service: string) => (service === 's3' ? '/services/objectstorage' : '/services/compute')
/** The Host header of every request. */
export const host: HeaderPair = ['host', '127.0.0.1:8773']

/** A request without a signature. */
export function base(change: Change): AuthenticationRequest {
  const { service = 's3', method = service === 's3' ? 'PUT' : 'POST', rawQuery = '', headers = [] } = change
  const prefix = servicePath(service)
  const body = change.body ?? ''
  return {
    service,
    method,
    rawPath: change.rawPath ?? (service === 's3' ? `${prefix}/bucket/a%20key` : prefix),
    servicePath: prefix,
    rawQuery,
    headers: [host, ...headers],
    ...(service === 's3' ? {} : { bodySha256: sha256(body), form: [...new URLSearchParams(body)] }),
  }
}

/** Signed by version 4 in a header. */
export function v4(change: Change = {}): AuthenticationRequest {
  const request = base(change)
  const payloadHash = change.payloadHash ?? request.bodySha256 ?? 'UNSIGNED-PAYLOAD'
  return { ...request, headers: signHeaders({ ...request, payloadHash }, signerOf(change)).headers }
}

/** Presigned by version 4. */
export function v4Query(change: Change = {}): AuthenticationRequest {
  const request = base({ method: 'GET', ...change })
  const payloadHash = request.bodySha256 ?? 'UNSIGNED-PAYLOAD'
  return { ...request, rawQuery: presign({ ...request, payloadHash }, signerOf(change), change.expires ?? 900) }
}

/** An S3 request signed by version 2 in a header. */
export function v2(change: Change = {}): AuthenticationRequest {
  const request = base(change)
  const signer = signerOf(change)
  return { ...request, headers: signS3Headers(request, signer, signer.time) }
}

/** An S3 request presigned by version 2. */
export function v2Query(change: Change = {}): AuthenticationRequest {
  const request = base({ method: 'GET', ...change })
  const until = new Date(now.getTime() + (change.expires ?? 900) * 1000)
  return { ...request, rawQuery: presignS3(request, signerOf(change), until) }
}

/** The RegisterImage of euca-install-image: version 2 in the form body. */
export function v2Form(change: Change = {}): AuthenticationRequest {
  const parameters = [
    ['Action', 'RegisterImage'],
    ['Name', 'my image + ~*'],
  ] as const
  const request = base({ service: 'ec2', ...change })
  const signer = signerOf({ service: 'ec2', ...change })
  const signed = { method: request.method, host: host[1], rawPath: request.rawPath, parameters }
  return { ...request, form: signParameters(signed, signer, signer.time) }
}

/** Changes one header after signing; undefined takes it away. */
export const replace = (
  request: AuthenticationRequest,
  name: string,
  change: (value: string) => string | undefined,
) => ({
  ...request,
  headers: request.headers.flatMap(([sent, value]): HeaderPair[] => {
    if (sent !== name) return [[sent, value]]
    const changed = change(value)
    return changed === undefined ? [] : [[sent, changed]]
  }),
})

/** A good request of every form. */
export const forms = {
  v4,
  v4Query,
  v2,
  v2Query,
  v2Form,
  ec2: () => v4({ service: 'ec2', body: 'Action=DescribeImages' }),
}
