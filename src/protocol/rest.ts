/** What an S3 request is about. */
export type RestSubject = 'service' | 'bucket' | 'object'

/** Bucket and key of an S3 request, decoded. */
export interface RestTarget {
  readonly of: RestSubject
  readonly bucket: string
  readonly key: string
}

/** A path whose percent-encoding is no UTF-8 text. */
export class BadPath extends Error {
  override readonly name = 'BadPath'
}

/**
 * The bucket and the key in a path-style path, percent-encoded and beginning with `/`, nothing normalised: keys may
 * begin with, end with and repeat slashes, and `/bucket/` is the bucket. Throws BadPath.
 */
export function parseRestPath(path: string): RestTarget {
  const end = path.indexOf('/', 1)
  const bucket = decode(end < 0 ? path.slice(1) : path.slice(1, end))
  const key = end < 0 ? '' : decode(path.slice(end + 1))
  if (bucket === '' && key !== '') throw new BadPath(`the path ${path} names no bucket`)
  return { of: key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service', bucket, key }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new BadPath(`${text} is not percent-encoded UTF-8`, { cause })
  }
}

/**
 * The source of a copy: `bucket/key`, with or without a leading slash, percent-encoded as a whole, the slash between them
 * too if the client likes; `?versionId=` may follow. A plus is a space, as in a form: S3 does not find `a+b` unless it is
 * sent as `a%2Bb` (aws-sdk-js issue 1821), nor does Eucalyptus (ObjectStorageRESTBinding decodes by URLDecoder). Throws
 * BadPath.
 */
export function parseCopySource(header: string): { bucket: string; key: string; versionId: string | undefined } {
  const [, path = '', versionId] = /^\/?([^?]*)(?:\?versionId=(.*))?$/s.exec(header) ?? []
  const [, bucket = '', key = ''] = /^\/?([^/]*)\/(.*)$/s.exec(decode(path.replaceAll('+', ' '))) ?? []
  if (bucket === '' || key === '') throw new BadPath(`${header} names no bucket and key`)
  return { bucket, key, versionId }
}

/** Query parameters that choose an operation rather than parametrise it, in order of precedence. */
export const subResources = {
  service: [],
  bucket: [
    ...['uploads', 'acl', 'delete', 'versions', 'location', 'list-type', 'accelerate', 'analytics', 'cors'],
    ...['encryption', 'intelligent-tiering', 'inventory', 'lifecycle', 'logging', 'metrics', 'notification'],
    ...['object-lock', 'ownershipControls', 'policy', 'policyStatus', 'publicAccessBlock', 'replication'],
    ...['requestPayment', 'tagging', 'versioning', 'website'],
  ],
  object: ['uploadId', 'uploads', 'acl', 'attributes', 'legal-hold', 'restore', 'retention', 'select', 'tagging'],
} as const satisfies Record<RestSubject, readonly string[]>

/** The sub-resource that a query names for a subject, with any or no value. */
export function subResourceOf(of: RestSubject, query: readonly (readonly [string, string])[]): string | undefined {
  if (query.length === 0) return undefined
  const names = new Set(query.map(([name]) => name))
  return subResources[of].find((name) => names.has(name))
}
