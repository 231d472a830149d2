import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll } from 'vitest'
import type { Fidelity } from '../../src/protocol/faults.ts'
import { payloadStream } from '../../src/protocol/signature/payload.ts'
import { payloadPlan } from '../../src/protocol/signature/payload-plan.ts'
import { readXml, type XmlElement } from '../../src/protocol/xml-read.ts'
import type { Requester } from '../objects/acl.ts'
import { type ObjectStore, openObjectStore } from '../objects/store.ts'
import { type ManualClock, manualClock } from '../state/clock.ts'
import type { S3World } from './operation.ts'
import { loadS3, type S3Service } from './service.ts'

/** Those who ask in tests. */
export type Person = 'alice' | 'bob' | 'admin' | 'anonymous' | 'exec-read'

export const accounts = ['alice', 'bob', 'admin'].map((name, i) => ({
  id: `00000000000${i + 1}`,
  name,
  canonicalId: String(i + 1).repeat(64),
}))

const requesterOf = (person: string): Requester => {
  const account = accounts.find(({ name }) => name === person)
  if (!account) return person === 'exec-read' ? { kind: 'exec-read' } : { kind: 'anonymous' }
  const { id: accountId, canonicalId } = account
  return { kind: 'account', accountId, canonicalId, administrator: person === 'admin' }
}

/** What came back. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
  /** The document's root element. */
  readonly xml: () => XmlElement
  /** The texts of all elements of a name, in order. */
  readonly all: (name: string) => string[]
}

export interface Asked {
  readonly as?: Person
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** Object Storage behind a server on the loopback, with an empty store; signatures are not its business. */
export interface ServedS3 {
  /** The store's. */
  readonly folder: string
  readonly store: ObjectStore
  readonly clock: ManualClock
  readonly service: S3Service
  /** Sends `METHOD /path?query`, the path exactly as given. */
  call(line: string, asked?: Asked): Promise<Reply>
  close(): Promise<void>
}

function replyOf(status: number, headers: IncomingHttpHeaders, bytes: Buffer): Reply {
  const xml = () => readXml(bytes, bytes.length)
  const within = (element: XmlElement, name: string): string[] =>
    element.children.flatMap((child) => [...(child.name === name ? [child.text] : []), ...within(child, name)])
  return { status, headers, bytes, text: bytes.toString(), xml, all: (name) => within(xml(), name) }
}

async function send(port: number, line: string, { as = 'alice', headers, body }: Asked = {}): Promise<Reply> {
  const [, method, path] = /^(\S+) (.*)$/s.exec(line) ?? []
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { ...headers, 'x-person': as } })
  // As bytes: with a text as body Node would write the headers as UTF-8 too.
  sent.end(Buffer.from(body ?? ''))
  const [response] = await once(sent, 'response')
  return replyOf(response.statusCode, response.headers, await buffer(response))
}

/** Opens a store in a new folder and serves it. */
export async function startS3(fidelity: Fidelity = 'eucalyptus', region = 'eucalyptus'): Promise<ServedS3> {
  const folder = await mkdtemp(join(tmpdir(), 's3-'))
  const clock = manualClock()
  const store = await openObjectStore({ folder, clock })
  const world: S3World = {
    objects: store,
    settings: { fidelity, region, lifecycleDay: 86_400_000 },
    clock,
    accounts: {
      byId: (id) => accounts.find((account) => account.id === id),
      byCanonicalId: (id) => accounts.find((account) => account.canonicalId === id),
      byName: (name) => accounts.find((account) => account.name === name),
    },
    sender: (id, token) => {
      const [, name = ''] = /^key-of-(\w+)$/.exec(id) ?? []
      const requester = requesterOf(name)
      if (requester.kind !== 'account') return undefined
      const key = { secret: `secret-of-${name}`, requester }
      // The one token that is known: that of a session that may put objects.
      return token === 'putting' ? { ...key, may: (action) => action === 's3:PutObject' } : token ? undefined : key
    },
  }
  const service = await loadS3(world)
  const server = createServer((incoming, response) => {
    const [path = '', query = ''] = (incoming.url ?? '').split(/\?(.*)/s)
    const length = incoming.headers['content-length']
    const { method = '' } = incoming
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)])
    // As of a request without a signature; the headers of CompleteMultipartUpload speak of the whole object.
    const ofObject = method !== 'POST' || !query.includes('uploadId')
    const word = new Map(headers).get('x-amz-content-sha256')
    const body = payloadStream(incoming, payloadPlan(headers, word, { ofObject }))
    void service.serve({
      method,
      path,
      query: [...new URLSearchParams(query)],
      headers: Object.fromEntries(headers),
      body: () => body,
      digests: () => body.digests(),
      contentLength: length === undefined ? undefined : Number(length),
      requester: requesterOf(String(incoming.headers['x-person'])),
      requestId: 'request-1',
      resource: path,
      response,
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    folder,
    store,
    clock,
    service,
    call: (line, asked) => send(port, line, asked),
    async close() {
      server.closeAllConnections()
      server.close()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** A served store for all tests of a file. */
export function servedS3(
  fidelity?: Fidelity,
  region?: string,
): Pick<ServedS3, 'call'> & { readonly s3: () => ServedS3 } {
  let served: ServedS3 | undefined
  beforeAll(async () => {
    served = await startS3(fidelity, region)
  })
  afterAll(() => served?.close())
  const s3 = () => {
    if (!served) throw new Error('the server is not up yet')
    return served
  }
  return { s3, call: (line, asked) => s3().call(line, asked) }
}
