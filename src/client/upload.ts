import { createHash } from 'node:crypto'
import type { Client } from 'minio'

/** What we use of a minio-js client. */
type S3Client = Pick<Client, 'bucketExists' | 'makeBucket' | 'putObject' | 'removeObject'>

/** How to reach an object storage. The endpoint's path is left out, as minio-js has no place for it. */
export interface S3Access {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Default us-east-1. Eucalyptus takes any. */
  readonly region?: string
}

/** Where bundles go to. */
export interface UploadTarget {
  readonly s3: S3Client | S3Access
  readonly bucket: string
  /** Canned ACL of each object; the default lets the cloud read images, as euca-upload-bundle does. */
  readonly acl?: string
}

/** A bundle in the object storage. */
export interface UploadedBundle {
  /** `bucket/name.manifest.xml`, as RegisterImage wants it. */
  readonly location: string
  readonly parts: number
  /** Bytes of all parts. */
  readonly bytes: number
}

/** Puts objects into one bucket, a few at a time. */
export interface Uploader {
  /** Resolves when there is room for the next object, so that memory is bounded. Throws what an earlier `put` met. */
  put(key: string, bytes: Buffer): Promise<void>
  /** Resolves when all objects are stored. Throws the first failure. */
  finish(): Promise<void>
  /** Removes every object that was put, also those whose PUT failed. Throws the first failure, having tried all. */
  remove(): Promise<void>
}

/** As many parts are on their way at once. */
const atOnce = 3

/** Connects, makes the bucket when it is missing, and returns an uploader. */
export async function openUploader({ s3, bucket, acl = 'aws-exec-read' }: UploadTarget): Promise<Uploader> {
  const client = 'endpoint' in s3 ? await connect(s3) : s3
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket)
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  const keys: string[] = []
  const check = () => {
    if (failures.length > 0) throw failures[0]
  }
  return {
    async put(key, bytes) {
      check()
      keys.push(key)
      const upload = putObject(client, { bucket, key, acl, bytes })
        .catch((error: unknown) => void failures.push(error))
        .finally(() => underWay.delete(upload))
      underWay.add(upload)
      if (underWay.size >= atOnce) await Promise.race(underWay)
      check()
    },
    async finish() {
      await Promise.all(underWay)
      check()
    },
    async remove() {
      await Promise.all(underWay)
      const removals = await Promise.allSettled(keys.splice(0).map((key) => client.removeObject(bucket, key)))
      const failed = removals.find((one) => one.status === 'rejected')
      if (failed) throw failed.reason
    },
  }
}

/** minio-js is costly to load (280 ms, 74 MiB), so only who uploads loads it. */
async function connect({ endpoint, accessKeyId, secretAccessKey, region = 'us-east-1' }: S3Access): Promise<S3Client> {
  const { Client } = await import('minio')
  const { protocol, hostname, port } = new URL(endpoint)
  const useSSL = protocol === 'https:'
  return new Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    region,
    pathStyle: true,
  })
}

/** One PUT. The ETag must be the MD5 of what was sent, as euca-upload-bundle demands. */
async function putObject(
  client: S3Client,
  { bucket, key, acl, bytes }: { bucket: string; key: string; acl: string; bytes: Buffer },
): Promise<void> {
  const { etag } = await client.putObject(bucket, key, bytes, bytes.length, { 'x-amz-acl': acl })
  const md5 = createHash('md5').update(bytes).digest('hex')
  if (etag.replaceAll('"', '') !== md5) {
    throw new Error(`${bucket}/${key} was stored with ETag ${etag}, but the bytes sent have the MD5 ${md5}`)
  }
}
