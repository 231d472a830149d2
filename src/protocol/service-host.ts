/** What a Host header says that names Object Storage. */
export interface ServiceHost {
  /** The bucket that stands before the name of the service, in lower case; left out when none does. */
  readonly bucket?: string
}

/**
 * Reads a Host header: `s3.DOMAIN` is Object Storage, `BUCKET.s3.DOMAIN` one of its buckets, and so are `objectstorage`
 * and `walrus` in place of `s3`; the domain may begin with a region (eucalyptus-behaviour.md section 10.2). Names of
 * buckets have dots, so the last such label counts: `a.s3.b.s3.localhost` is the bucket `a.s3.b`. Hosts have no case,
 * so the bucket is in lower case (S3 user guide, "Virtual hosting of general purpose buckets"). Undefined for every
 * other host, among them one without a domain.
 */
export function serviceHost(sent: string | undefined): ServiceHost | undefined {
  const host = sent?.toLowerCase().replace(/:\d*$/, '') ?? ''
  const match = /^(?:(.+)\.)?(?:s3|objectstorage|walrus)\.[^.]/.exec(host)
  const bucket = match?.[1]
  return match ? (bucket === undefined ? {} : { bucket }) : undefined
}

/** A path in path style, and the bucket at its head that is not in what was sent, if there is one. */
export interface HostPath {
  readonly path: string
  readonly hostBucket?: string
}

/**
 * The path of a request to a host of Object Storage as it would be in path style; undefined on every other host. The
 * bucket's name is no percent-encoding, so it becomes one.
 */
export function hostPath(host: string | undefined, rawPath: string): HostPath | undefined {
  const named = serviceHost(host)
  if (named?.bucket === undefined) return named && { path: rawPath }
  // `OPTIONS *` is the one path without a slash.
  const key = rawPath.startsWith('/') ? rawPath : `/${rawPath}`
  return { path: `/${encodeURIComponent(named.bucket)}${key}`, hostBucket: named.bucket }
}
