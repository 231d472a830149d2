import { setTimeout as pause } from 'node:timers/promises'
import { escapeXml } from '../protocol/xml.ts'
import { type S3Request, type S3Target, s3Request } from './s3.ts'
import type { S3Client } from './s3-client.ts'
import type { RawResponse } from './send.ts'
import { type ServiceError, serviceError } from './service-error.ts'

/** An object storage as bundles need it, below any path of any host: what `S3Client` has, and the way back. */
export interface ObjectClient extends S3Client {
  /** The bytes of an object; undefined when there is no such bucket or key. Throws when there are more than `largest`. */
  getObject(bucket: string, key: string, largest: number): Promise<Buffer | undefined>
  /** Removes an empty bucket. */
  removeBucket(bucket: string): Promise<void>
}

/** What besides the place a client is told. */
interface ObjectClientOptions {
  /** How often a request that met 500, 503 or a broken connection is sent again; none is unless told. */
  readonly retries?: number
  readonly signal?: AbortSignal
}

/** A client that signs V4. Every call throws ServiceError for a refusal, and the signal's reason once that is aborted. */
export function objectClient(target: S3Target, { retries = 0, signal }: ObjectClientOptions = {}): ObjectClient {
  const ask = async (request: S3Request): Promise<RawResponse> => {
    for (let attempt = 0; ; attempt += 1) {
      signal?.throwIfAborted()
      try {
        const response = await s3Request(target, request)
        if (attempt >= retries || (response.status !== 500 && response.status !== 503)) return response
      } catch (error) {
        if (attempt >= retries) throw error
      }
      await pause(100 * 2 ** attempt, undefined, { ...(signal && { signal }) })
    }
  }
  const expectSuccess = async (request: S3Request): Promise<RawResponse> => {
    const response = await ask(request)
    if (response.status >= 300) throw refusal(response, request)
    return response
  }
  return {
    async bucketExists(bucket) {
      // As euca2ools ask; an answer to HEAD would not say why a bucket cannot be used.
      const request: S3Request = { method: 'GET', path: pathOf(bucket), query: 'max-keys=0' }
      const response = await ask(request)
      if (response.status === 404) return false
      if (response.status >= 300) throw refusal(response, request)
      return true
    },
    async makeBucket(bucket, location = '') {
      const body =
        location &&
        `<CreateBucketConfiguration><LocationConstraint>${escapeXml(location)}</LocationConstraint></CreateBucketConfiguration>`
      await expectSuccess({ method: 'PUT', path: pathOf(bucket), body })
    },
    async putObject(bucket, key, body, _size, headers) {
      const { headers: answer } = await expectSuccess({ method: 'PUT', path: pathOf(bucket, key), body, headers })
      return { etag: answer['etag'] ?? '' }
    },
    async removeObject(bucket, key) {
      await expectSuccess({ method: 'DELETE', path: pathOf(bucket, key) })
    },
    async getObject(bucket, key, largest) {
      const request: S3Request = { method: 'GET', path: pathOf(bucket, key), largest }
      const response = await ask(request)
      if (response.status === 404) return undefined
      if (response.status >= 300) throw refusal(response, request)
      return response.body
    },
    async removeBucket(bucket) {
      await expectSuccess({ method: 'DELETE', path: pathOf(bucket) })
    },
  }
}

/** Each character of a key is escaped but its slashes, also where two stand side by side. */
function pathOf(bucket: string, key?: string): string {
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  return `/${escaped(bucket)}${key === undefined ? '' : `/${key.split('/').map(escaped).join('/')}`}`
}

/** A refusal that names what was asked: "Access Denied" alone tells nobody where. */
function refusal(response: RawResponse, { method, path }: S3Request): ServiceError {
  const error = serviceError(response)
  error.message = `${decodeURIComponent(path.slice(1))}: ${method} was refused: ${error.message || error.code}`
  return error
}
