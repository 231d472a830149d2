import type { RequestOptions } from 'node:http'
import type { S3Request } from '../src/client/s3.ts'
import type { Send } from '../src/client/send.ts'
import type { Transport } from './minio.ts'

/*
 * Requests to buckets whose names stand in the name of the host (eucalyptus-behaviour.md section 10.2; S3 User Guide,
 * "Virtual hosting of general purpose buckets"). Names below localhost are the loopback's own (RFC 6761), which not every
 * system's resolver knows, so they are connected to by address; all other names have to be found.
 */

const isBelowLocalhost = (hostname: string): boolean => /(?:^|\.)localhost$/i.test(hostname)

/** The same request with its bucket taken from the path, and the endpoint that has it before its host. */
export function inHost(endpoint: string, request: S3Request): { endpoint: string; request: S3Request } {
  const url = new URL(endpoint)
  const [, bucket = '', key = '/'] = /^\/([^/]*)(\/.*)?$/s.exec(request.path) ?? []
  if (bucket === '') return { endpoint: url.origin, request }
  return { endpoint: `${url.protocol}//${bucket}.${url.host}`, request: { ...request, path: key } }
}

/** Sends as `send` does; which host is meant, and whose certificate is expected, stays as it is. */
export const toHost =
  (send: Send): Send =>
  (request) =>
    send(isBelowLocalhost(new URL(request.endpoint).hostname) ? { ...request, address: '127.0.0.1' } : request)

/** Makes the requests of minio-js as `transport` does. */
export function transportToHost(transport: Transport): Transport {
  const request = (options: RequestOptions, ...more: [never]) =>
    transport.request(isBelowLocalhost(options.host ?? '') ? { ...options, host: '127.0.0.1' } : options, ...more)
  return { request } as Transport
}
