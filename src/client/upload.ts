import { createHash } from 'node:crypto'
import { objectClient } from './object-client.ts'
import type { S3Client } from './s3-client.ts'

/** How to reach an object storage. */
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
  /** Put in front of each key, such as `a/b/`. */
  readonly folder?: string
  /** Location constraint of the bucket, if it has to be made. */
  readonly bucketLocation?: string
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
export async function openUploader(target: UploadTarget): Promise<Uploader> {
  const { s3, bucket, acl = 'aws-exec-read', folder = '', bucketLocation } = target
  const client = 'endpoint' in s3 ? objectClient({ region: 'us-east-1', ...s3 }) : s3
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket, bucketLocation)
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  const keys: string[] = []
  const check = () => {
    if (failures.length > 0) throw failures[0]
  }
  return {
    async put(name, bytes) {
      check()
      const key = folder + name
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
