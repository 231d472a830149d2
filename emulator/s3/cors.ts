import type { ServerResponse } from 'node:http'
import { parseRestPath } from '../../src/protocol/rest.ts'
import type { CorsRule } from '../objects/records.ts'
import { fault } from './faults.ts'
import type { S3Answer, S3World } from './operation.ts'

/** What a CORS rule can allow (S3 API reference, CORSRule). */
export const corsMethods = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE']

/** What of a request decides whether a page of another origin may make it. */
interface CrossOrigin {
  readonly origin: string
  /** As the page would send it. */
  readonly method: string
  /** Names of headers, in any case. */
  readonly headers: readonly string[]
}

/** Whether a pattern with at most one `*` stands for a text. */
function stands(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after)
}

/** The first rule that allows a request, as on AWS; origins are compared as they are, names of headers in lower case. */
export function findCorsRule(rules: readonly CorsRule[], { origin, method, headers }: CrossOrigin) {
  return rules.find(
    (rule) =>
      rule.methods.includes(method) &&
      rule.origins.some((pattern) => stands(pattern, origin)) &&
      headers.every((name) => rule.headers.some((one) => stands(one.toLowerCase(), name.toLowerCase()))),
  )
}

/**
 * What a browser is told of the rule that allows a request (S3 user guide, CORS). Any origin is told as `*`, without
 * credentials; else the one origin that asks, so that caches have to keep the answers apart.
 */
function headersOf(rule: CorsRule, origin: string): Record<string, string> {
  const isAnybody = rule.origins.includes('*')
  return {
    'access-control-allow-origin': isAnybody ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(rule.exposed.length && { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAge !== undefined && { 'access-control-max-age': String(rule.maxAge) }),
    ...(!isAnybody && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

/** What is known of a request before anyone looks at who sent it. */
export interface CorsRequest {
  readonly method: string
  /** As sent, after the service's path. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/**
 * Notes on a response, whatever it will be, that the page which asked may read it. An origin that no rule of the bucket
 * allows is told nothing. A request that names the method it is about is judged by that one, as on AWS.
 */
export async function allowOrigin({ objects }: S3World, request: CorsRequest, response: ServerResponse): Promise<void> {
  const { method, path, headers } = request
  const origin = headers['origin']
  if (!origin || method === 'OPTIONS') return
  const { bucket } = parseRestPath(path)
  const rules = (bucket === '' ? undefined : await objects.findBucket(bucket))?.cors ?? []
  const meant = headers['access-control-request-method'] ?? method
  const rule = findCorsRule(rules, { origin, method: meant, headers: [] })
  if (!rule) return
  for (const [name, value] of Object.entries(headersOf(rule, origin))) response.setHeader(name, value)
}

const namesIn = (list = '') =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/**
 * Answers a preflight request: whether a page of another origin may make the request that it means. Nobody signs those,
 * and the object need not be there (S3 API reference, OPTIONS object). Throws the documented fault.
 */
export async function answerPreflight({ objects, settings }: S3World, request: CorsRequest): Promise<S3Answer> {
  const { path, headers } = request
  const name = parseRestPath(path).bucket
  const bucket = name === '' ? undefined : await objects.findBucket(name)
  // Eucalyptus looks for the bucket first (ObjectStorageGateway.java, preflightCors).
  if (!bucket && settings.fidelity === 'eucalyptus') throw fault('corsNoBucket')
  const origin = headers['origin']
  if (!origin) throw fault('badPreflight', 'Insufficient information. Origin request header needed.')
  const method = headers['access-control-request-method']
  if (method === undefined || !corsMethods.includes(method)) {
    throw fault('badPreflight', `Invalid Access-Control-Request-Method: ${method ?? 'null'}`)
  }
  if (!bucket) throw fault('corsNoBucket')
  if (!bucket.cors) throw fault('corsDenied')
  const asked = namesIn(headers['access-control-request-headers'])
  const rule = findCorsRule(bucket.cors, { origin, method, headers: asked })
  if (!rule) throw fault('corsNotAllowed')
  return {
    headers: {
      ...headersOf(rule, origin),
      ...(asked.length && { 'access-control-allow-headers': asked.join(', ').toLowerCase() }),
    },
  }
}
