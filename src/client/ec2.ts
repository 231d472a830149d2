import { signParameters } from '../protocol/signature/sigv2.ts'
import { presign, sha256, signHeaders } from '../protocol/signature/sigv4.ts'
import type { HeaderPair } from '../protocol/signature/wire.ts'
import { endpointPath, type RawRequest, type RawResponse, type Send, send } from './send.ts'
import { serviceError } from './service-error.ts'
import { type AccessKey, tokenHeaders, withTokenQuery } from './session-token.ts'
import { longestDocument, readXml, type Xml } from './xml.ts'

/** What an action takes: lists become `Name.1`, `Name.2` … (IAM and STS: `Name.member.1`), groups `Name.Field`. */
export type Parameter = string | number | boolean | Date | undefined | readonly Parameter[] | Parameters
/** Parameters by name; `undefined` is left out. */
export interface Parameters {
  readonly [name: string]: Parameter
}

/** Where and as whom to call a query service. */
export interface QueryTarget extends AccessKey {
  /** Such as `http://127.0.0.1:8773/services/compute`. */
  readonly endpoint: string
  readonly region: string
  /** The name in the scope of the signature. */
  readonly service: 'ec2' | 'iam' | 'sts' | 'empyrean'
  /** The API version; sent as the Version parameter. */
  readonly version: string
  /** Replaces the network, for tests. */
  readonly send?: Send
}

/** How a raw request departs from a good one. */
export interface RawOptions {
  readonly sign?: 'v4' | 'v4-query' | 'v2' | 'v2-query' | 'none'
  /** The clock of the signature. */
  readonly time?: Date
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  /** For `v4-query`: seconds; left out it is 900. */
  readonly expires?: number
  /** Changes the request after it was signed. */
  readonly mutate?: (request: RawRequest) => RawRequest
}

/** A client of one query service. */
export interface QueryClient {
  /** Calls an action, signed V4 over a POST form. Returns the content of the response; throws ServiceError. */
  call(action: string, parameters?: Parameters): Promise<Xml>
  /** Sends an action in any way, also wrong ones, and returns whatever comes back. */
  rawRequest(action: string, parameters?: Parameters, options?: RawOptions): Promise<RawResponse>
}

/** Flattens nested parameters into the names that the query protocol uses. `lists` stands between name and number. */
export function flatten(parameters: Parameters, lists: '' | 'member.' = '', prefix = ''): [string, string][] {
  return Object.entries(parameters).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return []
    if (value instanceof Date) return [[prefix + name, value.toISOString()]]
    if (typeof value !== 'object') return [[prefix + name, String(value)]]
    if (!isList(value)) return flatten(value, lists, `${prefix}${name}.`)
    const numbered = value.map((item, index): [string, Parameter] => [`${lists}${index + 1}`, item])
    return flatten(Object.fromEntries(numbered), lists, `${prefix}${name}.`)
  })
}

const isList = (value: readonly Parameter[] | Parameters): value is readonly Parameter[] => Array.isArray(value)

const formText = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')

const formType: HeaderPair = ['content-type', 'application/x-www-form-urlencoded; charset=utf-8']

function signed(target: QueryTarget, pairs: [string, string][], options: RawOptions): RawRequest {
  const { endpoint, region, service, sessionToken } = target
  const { accessKeyId = target.accessKeyId, secretAccessKey = target.secretAccessKey, time = new Date() } = options
  const { sign = 'v4' } = options
  const credentials = { accessKeyId, secretAccessKey }
  const { host } = new URL(endpoint)
  const inQuery = sign === 'v4-query' || sign === 'v2-query'
  const method = inQuery ? 'GET' : 'POST'
  const rawPath = endpointPath(endpoint) || '/'
  const withToken: [string, string][] = sessionToken === undefined ? pairs : [...pairs, ['SecurityToken', sessionToken]]
  const parameters = sign.startsWith('v2')
    ? signParameters({ method, host, rawPath, parameters: withToken }, credentials, time)
    : pairs
  const text = formText(parameters)
  const [rawQuery, body] = inQuery ? [text, ''] : ['', text]
  const token = sign === 'v4' ? Object.entries(tokenHeaders(target)) : []
  const headers: HeaderPair[] = [['host', host], ...(inQuery ? [] : [formType]), ...token]
  const request = { method, endpoint, rawPath, rawQuery, headers, body, largest: longestDocument }
  const toSign = { method, rawPath, rawQuery, headers, payloadHash: sha256(Buffer.from(body)) }
  const signer = { ...credentials, region, service, time }
  if (sign === 'v4-query') {
    const query = withTokenQuery(target, rawQuery, 'X-Amz-Security-Token')
    return { ...request, rawQuery: presign({ ...toSign, rawQuery: query }, signer, options.expires ?? 900) }
  }
  return sign === 'v4' ? { ...request, headers: signHeaders(toSign, signer).headers } : request
}

/** Makes a client of a query service (EC2, IAM, STS or Empyrean) of any cloud. */
export function queryClient(target: QueryTarget): QueryClient {
  const lists = target.service === 'iam' || target.service === 'sts' ? 'member.' : ''
  const rawRequest = (action: string, parameters: Parameters = {}, options: RawOptions = {}) => {
    const pairs = flatten({ Action: action, Version: target.version, ...parameters }, lists)
    const request = signed(target, pairs, options)
    return (target.send ?? send)(options.mutate ? options.mutate(request) : request)
  }
  return {
    rawRequest,
    async call(action, parameters) {
      const response = await rawRequest(action, parameters)
      if (response.status >= 300) throw serviceError(response)
      return readXml(response.body.toString()).content
    },
  }
}
