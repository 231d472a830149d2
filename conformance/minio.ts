import { Client, type ClientOptions } from 'minio'

/** A minio-js client, as cases use it. */
export type MinioClient = Client

/**
 * minio-js refuses an endpoint with a path. This one puts the service path of a Eucalyptus front end before every path,
 * before it is signed.
 */
class ServicePathClient extends Client {
  readonly #servicePath: string

  constructor(options: ClientOptions, servicePath: string) {
    super(options)
    this.#servicePath = servicePath
  }

  protected override getRequestOptions(
    options: Parameters<Client['getRequestOptions']>[0],
  ): ReturnType<Client['getRequestOptions']> {
    const request = super.getRequestOptions(options)
    return { ...request, path: this.#servicePath + request.path }
  }
}

/** What minio-js makes its requests by, in place of Node's own modules. */
export type Transport = NonNullable<ClientOptions['transport']>

/** Who connects, and how. */
export interface MinioSigner {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
  readonly transport?: Transport
  /** Whether buckets stand in the path, as they do unless told otherwise, or before the host. */
  readonly pathStyle?: boolean
}

/** Connects to the object storage at a URL, which may have a path. Nothing is sent yet. */
export function minioClient(
  endpoint: string,
  { accessKeyId, secretAccessKey, sessionToken, region, transport, pathStyle = true }: MinioSigner,
): MinioClient {
  const { protocol, hostname, port, pathname } = new URL(endpoint)
  const useSSL = protocol === 'https:'
  const options = {
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    region,
    pathStyle,
    // What a cloud answers is what a case is told: it would ask again by itself, and say so on the terminal.
    retryOptions: { disableRetry: true },
    ...(sessionToken !== undefined && { sessionToken }),
    ...(transport && { transport }),
  }
  return new ServicePathClient(options, pathname.replace(/\/+$/, ''))
}
