import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type QueryClient, queryClient } from '../src/client/ec2.ts'
import { type S3Request, type S3Target, s3Request } from '../src/client/s3.ts'
import { type RawResponse, type Send, send } from '../src/client/send.ts'
import { serviceError } from '../src/client/service-error.ts'
import { fetchLimited, limited, requestLimitOf } from './limits.ts'
import { type MinioClient, minioClient, type Transport } from './minio.ts'
import type { Account, Target } from './target.ts'
import { inHost, toHost, transportToHost } from './virtual-hosts.ts'

/** Everything by which a case talks to the target as one account. */
export interface Clients {
  readonly account: Account
  readonly ec2: QueryClient
  readonly sts: QueryClient
  /** Rejects for a target that names no endpoint of it. */
  readonly iam: QueryClient
  /** A released client that nobody of this project wrote. */
  readonly minio: MinioClient
  /** Requests that better clients do not make. Throws ServiceError for an answer that is no success. */
  s3(request: S3Request): Promise<RawResponse>
  /** For presigned URLs. */
  readonly s3Target: S3Target
}

/** The response when it is a success (also 304). Throws ServiceError for any other. */
export async function answered(response: Promise<RawResponse>): Promise<RawResponse> {
  const got = await response
  if (got.status >= 400) throw serviceError(got)
  return got
}

/** The client of a service that the target has not. */
function missing({ name }: Target): QueryClient {
  const refuse = async () => {
    throw new Error(`the target ${name} has no endpoints.iam: the case needs iam`)
  }
  return { call: refuse, rawRequest: refuse }
}

/** What carries the requests of all clients, in place of the network alone: whoever keeps a record of them. */
export interface Wire {
  readonly send: Send
  /** As minio-js takes it. */
  readonly transport: Transport
  readonly fetch: typeof fetch
}

/** The network, by Node's own modules. */
export const network: Wire = {
  send,
  transport: {
    request: ((options: RequestOptions, ...more: [never]) =>
      (options.protocol === 'https:' ? httpsRequest : httpRequest)(options, ...more)) as Transport['request'],
  } as Transport,
  fetch: fetchLimited,
}

/** What of clients can be otherwise. */
export interface ClientOptions {
  /** Replaces the target's in the scope of signatures. */
  readonly region?: string
  /** Object Storage by a name of its own: minio-js and `s3` put the buckets before it, and out of their paths. */
  readonly hosts?: string
  /** The network, with a time limit of each request, when left out. */
  readonly wire?: Wire
}

/**
 * The version of EC2's API that requests name: that of euca2ools, or the one that all clients of AWS send, as parameters that are
 * newer than the version are unknown to AWS (EC2 API Reference, "API versions").
 */
export const ec2VersionOf = ({ fidelity }: Pick<Target, 'fidelity'>): string =>
  fidelity === 'aws' ? '2016-11-15' : '2015-10-01'

/** The clients of an account of the target. */
export function clientsOf(target: Target, account: Account, options: ClientOptions = {}): Clients {
  const { ec2, sts, iam, s3 } = target.endpoints
  const { region = target.region, hosts } = options
  const { wire = limited(network, { seconds: requestLimitOf(target) }).wire } = options
  const { accountId: _, ...key } = account
  const signer = { ...key, region, send: wire.send }
  const s3Target = { ...signer, endpoint: s3 }
  return {
    account,
    ec2: queryClient({ ...signer, endpoint: ec2, service: 'ec2', version: ec2VersionOf(target) }),
    sts: queryClient({ ...signer, endpoint: sts, service: 'sts', version: '2011-06-15' }),
    iam:
      iam === undefined
        ? missing(target)
        : queryClient({ ...signer, endpoint: iam, service: 'iam', version: '2010-05-08' }),
    minio:
      hosts === undefined
        ? minioClient(s3, { ...key, region, transport: wire.transport })
        : minioClient(hosts, { ...key, region, transport: transportToHost(wire.transport), pathStyle: false }),
    s3Target,
    s3: (request) => {
      if (hosts === undefined) return answered(s3Request(s3Target, request))
      const { endpoint, request: hosted } = inHost(hosts, request)
      return answered(s3Request({ ...s3Target, endpoint, send: toHost(wire.send) }, hosted))
    },
  }
}
