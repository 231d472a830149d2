import { hostPath } from '../src/protocol/service-host.ts'

/** The services behind the one port. */
export type Service = 's3' | 'ec2' | 'iam' | 'sts' | 'empyrean'

/** The services of a cloud that has them all, and of one that is an Object Storage: accounts come from IAM and STS. */
export const servicesOf = {
  all: ['ec2', 's3', 'iam', 'sts', 'empyrean'],
  s3: ['s3', 'iam', 'sts'],
} as const satisfies Record<string, readonly Service[]>

/** The paths of a Eucalyptus front end (eucalyptus-behaviour.md section 1.1), lower case, as they are matched. */
export const servicePaths: readonly (readonly [path: string, service: Service])[] = [
  ['/services/compute', 'ec2'],
  ['/services/eucalyptus', 'ec2'],
  ['/services/objectstorage', 's3'],
  ['/services/walrus', 's3'],
  ['/services/euare', 'iam'],
  ['/services/tokens', 'sts'],
  ['/services/empyrean', 'empyrean'],
]

/** A request's place: its service, the path that chose it, and what is left of the path, beginning with a slash. */
export interface Route {
  readonly service: Service
  readonly servicePath: string
  readonly path: string
  /** The bucket that the Host header names: it is the head of `path`, but not of what was sent. */
  readonly hostBucket?: string | undefined
}

/**
 * Tells the service from the raw path. On `/` a query API is told from its Action, all else is Object Storage: so that
 * one AWS_ENDPOINT_URL serves every client. A service path counts only up to a slash, and not on a host that
 * names Object Storage: there all paths are buckets, or keys of the bucket that it names (section 10.2).
 */
export function routeOf(rawPath: string, actionService: () => Service | undefined, host?: string): Route {
  const onHost = hostPath(host, rawPath)
  if (onHost) return { service: 's3', servicePath: '', ...onHost }
  const lower = rawPath.toLowerCase()
  for (const [path, service] of servicePaths) {
    if (lower.startsWith(path) && (lower.length === path.length || lower[path.length] === '/')) {
      return { service, servicePath: rawPath.slice(0, path.length), path: rawPath.slice(path.length) || '/' }
    }
  }
  const service = rawPath === '/' ? actionService() : undefined
  return { service: service ?? 's3', servicePath: '', path: rawPath }
}
