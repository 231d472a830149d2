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
import { fault } from './faults.ts'
import type { BodyDigests, S3Answer, S3Call, S3Operation, S3World } from './operation.ts'
import { roleMay } from './role-permissions.ts'
import { pick } from './router.ts'
import { answerUnclaimed } from './unclaimed.ts'

export { renderS3Fault }

/** A request whose sender is known, and the response that it gets. */
export interface S3Request {
  readonly method: string
  /** As sent, percent-encoded, after the service's path; begins with a slash. */
  readonly path: string
  /** Decoded, in order; `?acl` is `['acl', '']`. */
  readonly query: readonly (readonly [string, string])[]
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Decoded and verified on the way: destroyed with a Fault when it is not what was signed. */
  readonly body: Readable
  /** Decoded bytes, when the client said it. */
  readonly contentLength: number | undefined
  /** What was computed of the body, after its end. */
  readonly digests?: () => BodyDigests
  readonly requester: Requester
  /** What the policies of a role allow whose session asks. */
  readonly may?: CallerRole['may']
  readonly requestId: string
  /** The path as error documents name it. */
  readonly resource: string
  readonly response: ServerResponse
}

/** Object Storage, ready to answer. */
export interface S3Service {
  readonly operations: ReadonlyMap<string, S3Operation>
  /** Answers a request, faults included. Never throws. */
  serve(request: S3Request): Promise<void>
}

const here = fileURLToPath(new URL('.', import.meta.url))

/** Loads the operations by the names of their files (PascalCase.ts, or .js once compiled). */
export async function loadS3(world: S3World): Promise<S3Service> {
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
  const loaded: S3Operation[] = modules.map(({ default: operation }) => operation)
  const operations = new Map(loaded.map((operation) => [operation.name, operation]))
  return { operations, serve: (request) => serveS3(world, [...operations.values()], request) }
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

async function answerTo(world: S3World, operations: readonly S3Operation[], request: S3Request): Promise<S3Answer> {
  const { method, query, headers, body, contentLength, digests, requester, may } = request
  const { of, bucket, key } = parseRestPath(request.path)
  if (Buffer.byteLength(key) > longestKey) throw fault('keyTooLong')
  const wanted = { method, of, sub: subResourceOf(of, query), headers }
  const operation = pick(operations, wanted)
  const firstOfEach = new Map([...query].reverse())
  const call: S3Call = {
    ...{ bucket, key, headers, contentLength, digests, requester },
    query: firstOfEach,
    content: Buffer.alloc(0),
    stream: body,
  }
  if (may && !roleMay(may, operation, call)) throw fault('accessDenied')
  if (!operation) return answerUnclaimed(world, wanted, call)
  const found = await admit(world, operation.access, call)
  if (operation.body === 'stream') return operation.run(world, call, found)
  // Read before anything is done: a body that is not what was signed must leave no trace.
  return operation.run(world, { ...call, content: await readContent(body, operation.body) }, found)
}

/** Answers one request with one of the operations. */
export async function serveS3(world: S3World, operations: readonly S3Operation[], request: S3Request): Promise<void> {
  const { method, requestId, resource, response, body } = request
  try {
    await send({ method, requestId, response }, await answerTo(world, operations, request))
  } catch (error) {
    renderS3Fault({ error, fidelity: world.settings.fidelity, method, requestId, resource, response })
  } finally {
    // What nobody read is dropped, so that the connection can be used again; its errors no longer matter.
    body.once('error', () => {}).resume()
  }
}
