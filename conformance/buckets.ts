import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** Empties and removes a bucket. */
export async function removeBucket({ minio }: Clients, bucket: string): Promise<void> {
  const keys: string[] = []
  for await (const { name } of minio.listObjectsV2(bucket, '', true) as AsyncIterable<{ name?: string }>) {
    if (name !== undefined) keys.push(name)
  }
  for (const key of keys) await minio.removeObject(bucket, key)
  for await (const { key } of minio.listIncompleteUploads(bucket, '', true) as AsyncIterable<{ key: string }>) {
    await minio.removeIncompleteUpload(bucket, key)
  }
  await minio.removeBucket(bucket)
}

/** Makes a bucket that is emptied and removed after the case. */
export async function makeBucket(tools: Tools, clients: Clients = tools.administrator): Promise<string> {
  const bucket = tools.name('bucket')
  await clients.minio.makeBucket(bucket, tools.target.region)
  tools.later(`bucket ${bucket}`, () => removeBucket(clients, bucket))
  return bucket
}
