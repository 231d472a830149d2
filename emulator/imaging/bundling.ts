import { bundle, partName } from '../../src/bundle/bundler.ts'
import { type ManifestDescription, writeManifest } from '../../src/bundle/manifest-writer.ts'

/** Object Storage does not take a part; `code` is the one that a client would see. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused'
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** What Object Storage does for the bundling of instances. */
export interface BundleStorage {
  /** The secret of an access key, with the token of a session's; undefined when there is no such key. */
  key(
    accessKeyId: string,
    securityToken: string | undefined,
  ): { readonly secret: string; readonly expired?: boolean } | undefined
  /** What is at a prefix for an account that is to put a bundle there. */
  examine(accountId: string, bucket: string, prefix: string): Promise<'missing' | 'free' | 'in use' | 'taken'>
  /** Makes a bucket as an account would; resolves with the reason when that is refused. */
  createBucket(accountId: string, bucket: string): Promise<string | undefined>
  /** Posts a form: policy, signature and ACLs decide as for any client. Throws UploadRefused. */
  post(bucket: string, fields: Readonly<Record<string, string>>, file: Uint8Array): Promise<void>
  /** Removes an account's objects with that prefix, and then their bucket if nothing else is in it. */
  remove(accountId: string, bucket: string, prefix: string): Promise<void>
}

/** A user's leave to upload: a policy and what proves whose it is. */
export interface UploadPolicy {
  readonly accessKeyId: string
  /** Base64, as it was signed. */
  readonly policy: string
  readonly signature: string
  readonly securityToken?: string
}

/** A disk to bundle, and where to. */
export interface BundleJob extends Pick<ManifestDescription, 'accountId' | 'architecture' | 'kernelId' | 'ramdiskId'> {
  readonly disk: AsyncIterable<Uint8Array>
  /** Of the disk, exactly. */
  readonly bytes: number
  readonly bucket: string
  readonly prefix: string
  readonly upload: UploadPolicy
  readonly signal: AbortSignal
}

/** The cloud's own key pair, PEM. */
export interface BundlingKey {
  readonly privateKey: string
  readonly certificate: string
}

/** The node's side of BundleInstance. */
export interface Bundling extends Omit<BundleStorage, 'post'> {
  /**
   * Bundles a disk and posts its parts as they are made, the manifest last. Nothing is on its way any more when it throws:
   * UploadRefused, the signal's reason, or what the disk cannot be read for.
   */
  bundle(job: BundleJob): Promise<void>
}

/** The longest name of a member of an archive; the prefix of a bundle may be longer. */
const longestMember = 100

/**
 * As euca-run-workflow does (eucalyptus-behaviour.md section 3.5): the cloud's certificate stands for the user's as well,
 * so that only the cloud can unbundle what comes of it.
 */
export function createBundling(storage: BundleStorage, { privateKey, certificate }: BundlingKey): Bundling {
  return {
    ...storage,
    async bundle({ disk, bytes, bucket, prefix, upload, signal, ...described }) {
      const { accessKeyId, policy, signature, securityToken } = upload
      const signed = { AWSAccessKeyId: accessKeyId, Policy: policy, Signature: signature }
      const token = securityToken === undefined ? {} : { 'x-amz-security-token': securityToken }
      const post = (key: string, file: Uint8Array) =>
        storage.post(bucket, { key, acl: 'ec2-bundle-read', ...signed, ...token }, file)
      let onItsWay = Promise.resolve()
      const keep = (part: { index: number; bytes: Buffer }) => {
        onItsWay = post(partName(prefix, part.index), part.bytes)
        return onItsWay
      }
      try {
        const set = await bundle(disk, { name: prefix.slice(0, longestMember), size: bytes, signal }, keep)
        const description = { ...described, name: prefix, kind: 'machine' } as const
        const keys = { cloudCertificate: certificate, userCertificate: certificate, userPrivateKey: privateKey }
        await post(`${prefix}.manifest.xml`, Buffer.from(writeManifest(set, { ...description, ...keys })))
      } finally {
        await Promise.allSettled([onItsWay])
      }
    },
  }
}
