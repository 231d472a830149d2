import type { IncomingHttpHeaders } from 'node:http'
import type { Fidelity } from '../../src/protocol/faults.ts'
import type { MetadataFacts } from './facts.ts'
import { dynamicData, type IdentitySeal } from './identity.ts'
import { metaData } from './meta-data.ts'
import type { SessionTokens } from './tokens.ts'
import { readTree, type Tree } from './tree.ts'
import { isVersion, versions } from './versions.ts'

/** A request as it came: `url` is what stood in the request line. */
export interface MetadataRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** What goes back. */
export interface MetadataAnswer {
  readonly status: number
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** How many network hops it may travel, where that is limited. */
  readonly hopLimit?: number
}

/** What answers rest on. */
export interface Answering {
  readonly fidelity: Fidelity
  readonly tokens: SessionTokens
  readonly seal: IdentitySeal
}

const reasons = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
}

/** A refusal, with the page that Eucalyptus and AWS both send (MetadataPipeline). */
export function refusal(status: keyof typeof reasons): MetadataAnswer {
  const title = `${status} - ${reasons[status]}`
  const body = [
    '<?xml version="1.0" encoding="iso-8859-1"?>',
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"',
    '         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
    '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">',
    ` <head>\n  <title>${title}</title>\n </head>`,
    ` <body>\n  <h1>${title}</h1>\n </body>`,
    '</html>\n',
  ]
  return { status, body: body.join('\n') }
}

const lifetimeHeader = 'x-aws-ec2-metadata-token-ttl-seconds'
const longestLifetime = 21_600

/**
 * AWS's answer to `PUT /latest/api/token`: never through a proxy, only for one second to six hours, and only as far as
 * the instance's hop limit, so that it does not reach what lies behind a router in the guest.
 */
function issueToken({ tokens }: Answering, facts: MetadataFacts, headers: IncomingHttpHeaders): MetadataAnswer {
  const { instanceId, hopLimit = 1 } = facts
  if (headers['x-forwarded-for'] !== undefined) return refusal(403)
  const text = headers[lifetimeHeader]
  const seconds = typeof text === 'string' && /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > longestLifetime) return refusal(400)
  const body = tokens.issue(instanceId, seconds)
  return { status: 200, body, headers: { [lifetimeHeader]: `${seconds}` }, hopLimit }
}

/** Version 2 of the service, as AWS has it: what is refused before the path counts. Undefined: go on. */
function guard(answering: Answering, facts: MetadataFacts, request: MetadataRequest): MetadataAnswer | undefined {
  const { method, headers } = request
  if (facts.endpoint === 'disabled') return refusal(403)
  if (/^\/latest\/+api\/+token\/?$/.test(pathOf(request.url))) {
    return method === 'PUT' ? issueToken(answering, facts, headers) : refusal(405)
  }
  if (method !== 'GET' && method !== 'HEAD') return refusal(405)
  const token = headers['x-aws-ec2-metadata-token']
  if (token === undefined) return facts.tokens === 'required' ? refusal(401) : undefined
  return typeof token === 'string' && answering.tokens.accepts(facts.instanceId, token) ? undefined : refusal(401)
}

/** The path of a request line's URL, which may be a whole one and may have a query. */
const pathOf = (url: string) => url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')

/** Everything that one version shows of an instance. */
function treeOf({ fidelity, seal, tokens }: Answering, facts: MetadataFacts): Tree {
  const { userData, instanceId } = facts
  return new Map<string, () => string | Buffer>([
    ...metaData(facts, fidelity).map(([path, value]) => [`meta-data/${path}`, () => value] as const),
    ...dynamicData(facts, fidelity, seal).map(([path, value]) => [`dynamic/${path}`, value] as const),
    ...(userData === undefined ? [] : [['user-data', () => userData] as const]),
    // Eucalyptus gives a token for any method, and asks for none.
    ...(fidelity === 'eucalyptus' ? [['api/token', () => tokens.issue(instanceId, longestLifetime)] as const] : []),
  ])
}

/** A version's own listing: without slashes, and silent on tokens (VmMetadata). */
const topOf = (tree: Tree) =>
  ['dynamic', 'meta-data', 'user-data'].filter((name) => name !== 'user-data' || tree.has(name)).join('\n')

/** Answers a request of an instance (eucalyptus-behaviour.md sections 6.7 and 6.8). */
export function answer(answering: Answering, facts: MetadataFacts, request: MetadataRequest): MetadataAnswer {
  const { fidelity } = answering
  const refused = fidelity === 'aws' ? guard(answering, facts, request) : undefined
  if (refused) return refused
  const path = pathOf(request.url)
  if (path === '/' || path === '') return { status: 200, body: versions[fidelity].join('\n') }
  const [, version = '', rest = ''] = /^\/([^/]+)(?:\/(.*))?$/s.exec(path) ?? []
  if (!isVersion[fidelity](version)) return refusal(404)
  const tree = treeOf(answering, facts)
  const name = rest.replace(/\/+/g, '/').replace(/^\//, '')
  const body = name === '' ? topOf(tree) : readTree(tree, name)
  return body === undefined ? refusal(404) : { status: 200, body }
}
