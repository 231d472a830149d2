import { Readable } from 'node:stream'
import type { Cloud } from './cloud.ts'
import { type BundleStorage, UploadRefused } from './imaging/bundling.ts'
import { objectStorage } from './object-storage.ts'
import type { Requester } from './objects/acl.ts'
import { StoreRefusal } from './objects/refusal.ts'
import { faultOf } from './s3/answer.ts'
import CreateBucket from './s3/bucket/CreateBucket.ts'
import PostObject from './s3/object/PostObject.ts'
import type { S3Call } from './s3/operation.ts'
import { accountRequester } from './senders.ts'

/** A request that comes from inside. */
const call = (bucket: string, requester: Requester, body: readonly Uint8Array[], type?: string): S3Call => ({
  bucket,
  key: '',
  query: new Map(),
  headers: type === undefined ? {} : { 'content-type': type },
  content: Buffer.alloc(0),
  stream: () => Readable.from(body),
  contentLength: body.reduce((sum, { length }) => sum + length, 0),
  digests: undefined,
  requester,
  arn: undefined,
  peer: { address: undefined, isSecure: false },
})

/** A form with a file, as euca2ools posts it. */
function form(boundary: string, fields: Readonly<Record<string, string>>, file: Uint8Array): Uint8Array[] {
  const part = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`
  const texts = Object.entries(fields).map(([name, value]) => `${part(name, value)}\r\n`)
  return [Buffer.from(texts.join('') + part('file', '')), file, Buffer.from(`\r\n--${boundary}--\r\n`)]
}

/** Object Storage for the bundling of instances; what it is asked goes through its operations, as from any client. */
export function bundleStorage(cloud: () => Cloud): BundleStorage {
  const requester = (accountId: string): Requester => {
    const account = cloud().accounts.byId(accountId)
    if (!account) throw new Error(`the account ${accountId} does not exist`)
    return accountRequester(account, cloud().settings.fidelity)
  }
  /** Runs an operation; what its client would see of a failure is thrown. */
  const asked = async (run: () => Promise<unknown>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      const fault = faultOf(error)
      if (!fault) throw error
      const { code, message } = fault.face(cloud().settings.fidelity)
      throw new UploadRefused(code, message, { cause: error })
    }
  }
  return {
    key: (accessKeyId, securityToken) => objectStorage(cloud()).sender(accessKeyId, securityToken),
    async examine(accountId, bucket, prefix) {
      const { objects } = cloud()
      const present = await objects.findBucket(bucket)
      if (!present) return 'missing'
      if (present.acl.owner.accountId !== accountId) return 'taken'
      const { entries } = await objects.listObjects(bucket, { prefix, delimiter: '', after: '', limit: 1 })
      return entries.length ? 'in use' : 'free'
    },
    async createBucket(accountId, bucket) {
      try {
        await asked(() => CreateBucket.run(objectStorage(cloud()), call(bucket, requester(accountId), []), {}))
        return undefined
      } catch (error) {
        if (error instanceof UploadRefused) return error.message
        throw error
      }
    },
    post(bucket, fields, file) {
      const boundary = cloud().ids.uuid()
      const body = form(boundary, fields, file)
      const type = `multipart/form-data; boundary=${boundary}`
      const posted = call(bucket, { kind: 'anonymous' }, body, type)
      return asked(() => PostObject.run(objectStorage(cloud()), posted, {}))
    },
    async remove(accountId, bucket, prefix) {
      const { objects } = cloud()
      const present = await objects.findBucket(bucket)
      if (present?.acl.owner.accountId !== accountId) return
      try {
        for (;;) {
          const { entries } = await objects.listObjects(bucket, { prefix, delimiter: '', after: '', limit: 1000 })
          if (!entries.length) break
          for (const entry of entries) if ('row' in entry) await objects.deleteObject(bucket, entry.row.key)
        }
        await objects.deleteBucket(bucket)
      } catch (error) {
        // Others may use it, and whoever owns it may have been faster.
        const code = error instanceof StoreRefusal ? error.code : undefined
        if (code !== 'BucketNotEmpty' && code !== 'NoSuchBucket') throw error
      }
    },
  }
}
