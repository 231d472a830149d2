import { readdir } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { basename, extname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { CallerRole } from '../../src/protocol/operation.ts'
import { parseRestPath, subResourceOf } from '../../src/protocol/rest.ts'
import type { Requester } from '../objects/acl.ts'
import { admit } from './access.ts'
import { renderS3Fault, send } from './answer.ts'
import { allowOrigin, answerPreflight } from './cors.ts'
import { fault } from './faults.ts'
import type { BodyDigests, Peer, S3Answer, S3Call, S3Operation, S3World } from './operation.ts'
import { roleMay } from './role-permissions.ts'
import { createRouter, type Router } from './router.ts'
import { standIns, unclaimed } from './unclaimed.ts'
import { refuseUnsupported } from './unsupported-headers.ts'

/** What is known of a request before anyone looks at who sent it, and the response that it gets. */
export interface UnprovedRequest {
  readonly method: string
  /** As sent, percent-encoded, after the service's path; begins with a slash. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly requestId: string
  /** The path as error documents name it. */
  readonly resource: string
  readonly response: ServerResponse
}

/** A request whose sender is known. */
export interface S3Request extends UnprovedRequest {
  /** Decoded, in order; `?acl` is `['acl', '']`. */
  readonly query: readonly (readonly [string, string])[]
  /** Decoded and verified on the way: destroyed with a Fault when it is not what was signed. Always the same stream. */
  body(): Readable
  /** There is no body: `digests` alone says whether that is what was signed. */
  readonly isEmpty?: boolean
  /** Decoded bytes, when the client said it. */
  readonly contentLength: number | undefined
  /** What was computed of the body, after its end. */
  readonly digests?: () => BodyDigests
  readonly requester: Requester
  /** The user or the session that asks, as policies name it. */
  readonly arn?: string | undefined
  /** Lets a client that waits for it send the body; one that may not do what it asks for never sends it. */
  readonly invite?: () => void
  /** What the policies of a role allow whose session asks. */
  readonly may?: CallerRole['may'] | undefined
}

/** Object Storage, ready to answer. */
export interface S3Service {
  readonly operations: ReadonlyMap<string, S3Operation>
  /** Answers a request, faults included. Never throws. */
  serve(request: S3Request): Promise<void>
  /** Answers a request that is refused before it can be served, for who sent it is not proved. Never throws. */
  refuse(request: UnprovedRequest, error: unknown): Promise<void>
}

const here = fileURLToPath(new URL('.', import.meta.url))

/** Loads the operations by the names of their files (PascalCase.ts, or .js once compiled); `around` may change each. */
export async function loadS3(
  world: S3World,
  around: (operation: S3Operation) => S3Operation = (operation) => operation,
): Promise<S3Service> {
  const own = extname(fileURLToPath(import.meta.url))
  const areas = await Promise.all(
    ['bucket', 'object', 'upload'].map(async (area) =>
      (await readdir(join(here, area))).map((file) => join(here, area, file)),
    ),
  )
  const files = areas
    .flat()
    .filter((file) => extname(file) === own && /^[A-Z][A-Za-z0-9]*\.[jt]s$/.test(basename(file)))
  const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ pathToFileURL(file).href)))
  const loaded: S3Operation[] = modules.map(({ default: operation }) => around(operation))
  const operations = new Map(loaded.map((operation) => [operation.name, operation]))
  const router = createRouter([...loaded, ...standIns], world.settings.fidelity)
  const refuse = async (request: UnprovedRequest, error: unknown) => {
    // The first error wins.
    await allowOrigin(world, request, request.response).catch(() => {})
    renderS3Fault({ ...request, error, fidelity: world.settings.fidelity })
  }
  return { operations, refuse, serve: (request) => serveS3(world, router, request) }
}

/** Keys have at most 1024 bytes of UTF-8 (S3 API reference). */
const longestKey = 1024

async function readContent(body: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const source: AsyncIterable<Buffer> = body
  for await (const chunk of source) {
    size += chunk.length
    if (size > limit) throw fault('maxMessageLengthExceeded')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const noQuery: S3Call['query'] = new Map()
const nothing = Buffer.alloc(0)

async function answerTo(world: S3World, router: Router, request: S3Request): Promise<S3Answer> {
  const { method, query, headers, contentLength, digests, requester, arn, may } = request
  const { of, bucket, key } = parseRestPath(request.path)
  if (Buffer.byteLength(key) > longestKey) throw fault('keyTooLong')
  const wanted = { method, of, sub: subResourceOf(of, query), headers }
  if (method === 'OPTIONS') return answerPreflight(world, request)
  const operation = router(wanted)
  const call: S3Call = {
    bucket,
    key,
    headers,
    contentLength,
    digests,
    requester,
    arn,
    peer: peerOf(request.response),
    query: query.length ? new Map([...query].reverse()) : noQuery,
    content: nothing,
    stream: request.body,
  }
  if (may && !roleMay(may, operation, call)) throw fault('accessDenied')
  if (!operation) throw unclaimed(wanted)
  const found = await admit(world, operation, call)
  refuseUnsupported(world, headers)
  request.invite?.()
  if (operation.body === 'stream') return operation.run(world, call, found)
  // Read before anything is done: a body that is not what was signed must leave no trace.
  if (!request.isEmpty)
    return operation.run(world, { ...call, content: await readContent(request.body(), operation.body) }, found)
  digests?.()
  return operation.run(world, call, found)
}

const peerOf = ({ socket }: ServerResponse): Peer => ({
  address: socket?.remoteAddress,
  isSecure: socket !== null && 'encrypted' in socket,
})

/** Answers one request with one of the operations. */
async function serveS3(world: S3World, router: Router, request: S3Request): Promise<void> {
  const { method, headers, requestId, response } = request
  try {
    if (headers['origin'] !== undefined) await allowOrigin(world, request, response)
    await send({ method, requestId, response }, await answerTo(world, router, request))
  } catch (error) {
    renderS3Fault({ ...request, error, fidelity: world.settings.fidelity })
  }
}
