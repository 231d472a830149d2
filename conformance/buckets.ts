import { list, readXml, text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import { mostPages } from './limits.ts'
import type { Refusal } from './refusal.ts'
import type { Target } from './target.ts'
import type { Tools } from './tools.ts'

/** A key as it stands in a path: its slashes stay. */
export const keyPath = (key: string): string => key.split('/').map(encodeURIComponent).join('/')

/** A name that came percent-encoded, so that no character of it is lost in XML; a space may have come as a plus. */
const decoded = (name = '') => decodeURIComponent(name.replaceAll('+', ' '))

/** Asks again and again for a listing and removes what is on it, until it is complete. Throws when it has no end. */
async function removeListed(
  { s3 }: Clients,
  bucket: string,
  query: string,
  names: readonly string[],
  remove: (row: Xml) => string,
) {
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await s3({ method: 'GET', path: `/${bucket}`, query: `${query}&encoding-type=url` })
    const { content } = readXml(answer.body.toString())
    for (const row of names.flatMap((name) => list(content, name))) {
      const key = keyPath(decoded(text(row, 'Key')))
      await s3({ method: 'DELETE', path: `/${bucket}/${key}`, query: remove(row) })
    }
    if (text(content, 'IsTruncated') !== 'true') return
  }
  throw new Error(`the listing ?${query} of ${bucket} has no end: after ${mostPages} pages there is more`)
}

/** Empties and removes a bucket: whatever its keys are, which minio-js trims and takes for numbers. */
export async function removeBucket(clients: Clients, bucket: string): Promise<void> {
  await removeListed(clients, bucket, 'list-type=2', ['Contents'], () => '')
  await removeListed(clients, bucket, 'uploads', ['Upload'], (row) => `uploadId=${text(row, 'UploadId')}`)
  await clients.s3({ method: 'DELETE', path: `/${bucket}` })
}

/** Removes all versions and delete markers of a bucket. */
export async function removeVersions(clients: Clients, bucket: string): Promise<void> {
  const names = ['Version', 'DeleteMarker']
  await removeListed(clients, bucket, 'versions', names, (row) => `versionId=${text(row, 'VersionId')}`)
}

/** The document that makes a bucket where the target is: AWS wants none in its first region, and one in all others. */
export function creationOf({ fidelity, region }: Target): string {
  if (fidelity !== 'aws' || region === 'us-east-1') return ''
  return `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
}

/** Asserts that no bucket of that name, percent-encoded, is made; one that is made all the same is removed after the case. */
export async function refusesBucket(
  tools: Tools,
  name: string,
  expected: Refusal,
  body = creationOf(tools.target),
): Promise<void> {
  const { s3 } = tools.administrator
  const path = `/${name}`
  const attempt = s3({ method: 'PUT', path, body })
  const isMade = await attempt.then(
    () => true,
    () => false,
  )
  if (isMade) tools.later(`bucket ${name}`, () => s3({ method: 'DELETE', path }))
  await tools.refuses(attempt, expected)
}

/** Makes a bucket that is emptied and removed after the case. */
export async function makeBucket(tools: Tools, clients: Clients = tools.administrator): Promise<string> {
  const bucket = tools.name('bucket')
  await clients.minio.makeBucket(bucket, tools.target.region)
  tools.later(`bucket ${bucket}`, () => removeBucket(clients, bucket))
  return bucket
}
