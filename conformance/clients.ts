import { type QueryClient, queryClient } from '../src/client/ec2.ts'
import { type S3Request, type S3Target, s3Request } from '../src/client/s3.ts'
import type { RawResponse } from '../src/client/send.ts'
import { serviceError } from '../src/client/service-error.ts'
import { type MinioClient, minioClient } from './minio.ts'
import type { Account, Target } from './target.ts'

/** Everything by which a case talks to the target as one account. */
export interface Clients {
  readonly account: Account
  readonly ec2: QueryClient
  readonly sts: QueryClient
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

/** The clients of an account of the target; `region` replaces the one in the scope of signatures. */
export function clientsOf(target: Target, account: Account, region = target.region): Clients {
  const { ec2, sts, s3 } = target.endpoints
  const { accessKeyId, secretAccessKey } = account
  const signer = { accessKeyId, secretAccessKey, region }
  const s3Target = { ...signer, endpoint: s3 }
  return {
    account,
    ec2: queryClient({ ...signer, endpoint: ec2, service: 'ec2', version: '2015-10-01' }),
    sts: queryClient({ ...signer, endpoint: sts, service: 'sts', version: '2011-06-15' }),
    minio: minioClient(s3, signer),
    s3Target,
    s3: (request) => answered(s3Request(s3Target, request)),
  }
}
