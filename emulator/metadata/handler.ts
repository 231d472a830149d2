import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fidelity } from '../../src/protocol/faults.ts'
import type { Clock } from '../state/clock.ts'
import { answer, type MetadataAnswer, refusal } from './answer.ts'
import type { MetadataFacts } from './facts.ts'
import type { IdentitySeal } from './identity.ts'
import { sessionTokens } from './tokens.ts'

/** What the metadata service needs of the cloud. */
export interface MetadataService {
  /** What is known of an instance that is pending, running, stopping or shutting down; undefined for any other. */
  facts(instanceId: string): MetadataFacts | undefined
  readonly fidelity: Fidelity
  readonly clock: Clock
  /** So many random bytes that nobody can guess. */
  random(bytes: number): Buffer
  readonly seal: IdentitySeal
  /** Hears of an error of our own; the guest gets a 500. */
  onError(error: unknown): void
}

/** Who asks: the instance on whose network port a request came, and how to limit how far the answer travels. */
export interface Asker {
  readonly instanceId: string
  limitHops(hops: number): void
}

/** Answers one request: nothing in the request itself says who asks. */
export type MetadataHandler = (asker: Asker, request: IncomingMessage, response: ServerResponse) => void

/** The service at 169.254.169.254, for a `node:http` server whose connections come from the virtual switch. */
export function metadataHandler(service: MetadataService): MetadataHandler {
  const { fidelity, seal } = service
  const tokens = sessionTokens({ clock: service.clock, random: (bytes) => service.random(bytes) })

  const answerTo = (instanceId: string, { method = 'GET', url = '/', headers }: IncomingMessage): MetadataAnswer => {
    try {
      const facts = service.facts(instanceId)
      return facts ? answer({ fidelity, seal, tokens }, facts, { method, url, headers }) : refusal(404)
    } catch (error) {
      service.onError(error)
      return refusal(500)
    }
  }

  return ({ instanceId, limitHops }, request, response) => {
    const { status, body, headers, hopLimit } = answerTo(instanceId, request)
    if (hopLimit !== undefined) limitHops(hopLimit)
    // A body means nothing here; it is read so that the answer reaches a guest that is still sending.
    request.resume()
    const fixed = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), connection: 'close' }
    response.writeHead(status, { ...fixed, ...headers })
    response.end(body)
  }
}
