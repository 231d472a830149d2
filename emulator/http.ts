import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { authenticate } from '../src/protocol/authentication.ts'
import { Fault } from '../src/protocol/faults.ts'
import { parseForm } from '../src/protocol/query.ts'
import type { HashPool } from '../src/protocol/signature/hash-pool.ts'
import { type PayloadStream, payloadStream } from '../src/protocol/signature/payload.ts'
import { digestsOfNothing } from '../src/protocol/signature/payload-digests.ts'
import { payloadFault } from '../src/protocol/signature/payload-faults.ts'
import { payloadPlan } from '../src/protocol/signature/payload-plan.ts'
import { type AuthenticationRequest, authenticationRules } from '../src/protocol/signature/request.ts'
import type { Cloud } from './cloud.ts'
import { isKnownAction } from './ec2/known-actions.ts'
import { actionsOf, operationsOf, type QueryService, type Reply, renderFault, serveQuery } from './query-service.ts'
import { type Route, routeOf, type Service } from './routes.ts'
import type { S3Service } from './s3/service.ts'
import { callerOf, findSender, requesterOf, type Sender } from './senders.ts'

/** A form body may have this many bytes: user data of 16 KiB in base64, and room for the rest. */
const largestForm = 256 * 1024

const tooLarge = {
  code: 'RequestEntityTooLarge',
  status: 413,
  message: () => `The body of the request is larger than ${largestForm} bytes`,
}

/** The services that answer behind the port. */
export interface Services {
  readonly query: Readonly<Record<QueryService['name'], QueryService>>
  readonly s3: S3Service
  /** The gate in front of every operation. */
  readonly authenticate: typeof authenticate
  /** Hashes large bodies. */
  readonly hashes: HashPool
}

/** A request with what is needed of it in several places. */
interface Received extends Route {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly rawPath: string
  readonly rawQuery: string
  readonly requestId: string
}

/** One line for the log of requests; the status is 0 when the client went away before it was answered. */
export type RequestLog = (entry: { what: string; status: number; milliseconds: number; requestId: string }) => void

/**
 * Answers a request of any service on Node's own streams: bodies never pass through web streams, which cost most of the
 * throughput (performance.md). Signatures are checked before anything else is looked at.
 */
export async function dispatch(
  cloud: Cloud,
  services: Services,
  log: RequestLog,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const started = cloud.clock.monotonic()
  const requestId = cloud.ids.uuid()
  const { method, url: sent = '/' } = incoming
  const url = sent.startsWith('/') ? sent : sent.replace(/^[a-z]+:\/\/[^/?]*/i, '')
  const mark = url.indexOf('?')
  const rawPath = (mark < 0 ? url : url.slice(0, mark)) || '/'
  const rawQuery = mark < 0 ? '' : url.slice(mark + 1)
  let what = `${method} ${rawPath}`
  try {
    const isForm = () => /^application\/x-www-form-urlencoded\b/i.test(incoming.headers['content-type'] ?? '')
    const isQuery = () => (method === 'POST' ? isForm() : /(?:^|&)Action=/.test(rawQuery))
    const route = routeOf(rawPath, () => (isQuery() ? 'ec2' : undefined), incoming.headers.host)
    const { service, servicePath, path, hostBucket } = route
    // Every field by its name, here and below: spreads cost more than checking the signature.
    const received = { service, servicePath, path, hostBucket, incoming, outgoing, rawPath, rawQuery, requestId }
    what = service === 's3' ? `s3 ${method} ${path}` : await answerQuery(cloud, services, received)
    if (service === 's3') await answerS3(cloud, services, received)
  } catch (error) {
    // Only a fault of ours or a broken connection comes here: services answer their own faults.
    console.error(error)
    if (!outgoing.headersSent) outgoing.writeHead(500)
    outgoing.end()
  }
  const status = outgoing.headersSent ? outgoing.statusCode : 0
  log({ what, status, milliseconds: cloud.clock.monotonic() - started, requestId })
}

/** The headers as they came, in pairs; names in lower case, as they are looked for. */
function headerPairs({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    pairs.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  }
  return pairs
}

/** The parameters in the body of a query request, and its hash. */
type SentForm = Pick<AuthenticationRequest, 'form' | 'bodySha256'>

function authenticated(cloud: Cloud, services: Services, received: Received, { form, bodySha256 }: SentForm = {}) {
  const { incoming, service, servicePath, hostBucket, rawPath, rawQuery } = received
  const request = {
    service,
    method: incoming.method ?? 'GET',
    rawPath,
    servicePath,
    rawQuery,
    headers: headerPairs(incoming),
    hostBucket,
    form,
    bodySha256,
  }
  let sender: Sender | undefined
  const lookUp = (id: string, token: string | undefined) => {
    sender = findSender(cloud, id, token)
    return sender
  }
  const proved = services.authenticate(request, lookUp, cloud.clock.now(), authenticationRules(cloud.settings))
  return { payload: proved.payload, sender: proved.kind === 'signed' ? sender : undefined }
}

/** Lets a client that waits for it send the body; one that was refused before never sends it. */
function invite({ incoming, outgoing }: Received): void {
  if (/^100-continue$/i.test(incoming.headers.expect ?? '')) outgoing.writeContinue()
}

/**
 * Reads a form. One that is too large is read to its end all the same: a connection that is closed on bytes nobody has
 * read is reset, and the client never sees why. For the same reason no answer to an unread body closes the connection;
 * Node drops what is left, and closes by itself only when the client was never told to send.
 */
async function readForm(received: Received): Promise<Buffer> {
  const { incoming } = received
  if (Number(incoming.headers['content-length'] ?? 0) > largestForm) throw new Fault(tooLarge, [])
  invite(received)
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    size += piece.length
    if (size <= largestForm) pieces.push(piece)
  }
  if (size > largestForm) throw new Fault(tooLarge, [])
  return Buffer.concat(pieces)
}

/** On `/` the service of a query request is the one that has its action. */
function serviceOfAction(
  services: Services,
  named: Service,
  servicePath: string,
  action: string,
): QueryService['name'] {
  if (servicePath === '') {
    for (const { name, operations } of Object.values(services.query)) if (operations?.has(action)) return name
  }
  return named === 's3' ? 'ec2' : named
}

async function answerQuery(cloud: Cloud, services: Services, received: Received): Promise<string> {
  const { incoming, outgoing, requestId } = received
  let what = `${received.service}.?`
  let reply: Reply
  let dialect = services.query.ec2.dialect
  try {
    const body = await readForm(received)
    const form = body.length ? parseForm(body.toString('utf8')) : []
    const pairs = [...parseForm(received.rawQuery), ...form]
    const [action = ''] = actionsOf(pairs)
    const name = serviceOfAction(services, received.service, received.servicePath, action)
    const service = services.query[name]
    dialect = service.dialect
    if (operationsOf(service).has(action) || isKnownAction(action)) what = `${name}.${action}`
    const { sender } = authenticated(
      cloud,
      services,
      { ...received, service: name },
      { form, ...(body.length && { bodySha256: createHash('sha256').update(body).digest('hex') }) },
    )
    if (!sender) throw new Error('a query request passed without a signature')
    reply = await serveQuery(service, cloud, pairs, { caller: callerOf(sender), requestId })
  } catch (error) {
    // A client that went away is not answered, and its going is no error of ours.
    if (incoming.errored) return what
    reply = renderFault(dialect, cloud.settings, error, requestId)
  }
  outgoing.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    'x-amzn-requestid': requestId,
  })
  outgoing.end(incoming.method === 'HEAD' ? undefined : reply.body)
  return what
}

/** The headers by lower-case name. */
function headersByName({ headers }: IncomingMessage): Readonly<Record<string, string | undefined>> {
  const { 'set-cookie': cookies } = headers
  // Node makes a list of this one alone.
  return (cookies ? { ...headers, 'set-cookie': cookies.join(',') } : headers) as Record<string, string | undefined>
}

/** The body of a request, to be refused when nothing comes of it any more (stalled-bodies.ts). */
function openBody({ incoming, outgoing }: Received, body: PayloadStream): PayloadStream {
  incoming.once('stalled', () => {
    outgoing.shouldKeepAlive = false
    // Whoever reads it is told, and it may be that nobody does.
    body.once('error', () => undefined).destroy(payloadFault('stalled'))
  })
  return body
}

/** Who sends a preflight request. */
const nobody = { sender: undefined, payload: payloadPlan([], undefined) }

async function answerS3(cloud: Cloud, services: Services, received: Received): Promise<void> {
  const { incoming, outgoing, requestId, path, rawQuery } = received
  const headers = headersByName(incoming)
  const request = {
    method: incoming.method ?? 'GET',
    path,
    headers,
    requestId,
    resource: path,
    response: outgoing,
  }
  let body: PayloadStream | undefined
  try {
    // Browsers do not sign preflight requests; a signature in the URL is that of the request they ask about.
    const { sender, payload } = request.method === 'OPTIONS' ? nobody : authenticated(cloud, services, received)
    const { 'content-length': sent, 'transfer-encoding': coding, 'x-amz-decoded-content-length': decoded } = headers
    const isEmpty = coding === undefined && Number(sent ?? 0) === 0 && !payload.chunks
    const length = decoded ?? sent
    const { requester, arn, may } = requesterOf(sender, cloud.settings.fidelity)
    await services.s3.serve({
      method: request.method,
      path,
      headers,
      requestId,
      resource: path,
      response: outgoing,
      query: rawQuery === '' ? [] : parseForm(rawQuery),
      // Most requests have none, and a stream costs as much as finding an object.
      body: () => {
        body ??= openBody(received, payloadStream(incoming, payload, isEmpty, services.hashes))
        return body
      },
      isEmpty,
      contentLength: length === undefined ? undefined : Number(length),
      digests: () => (body ? body.digests() : digestsOfNothing(payload)),
      invite: () => invite(received),
      requester,
      arn,
      may,
    })
  } catch (error) {
    await services.s3.refuse(request, error)
  } finally {
    // What nobody read is dropped, so that the connection can be used again.
    body?.destroy()
  }
}
