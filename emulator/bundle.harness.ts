import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { bundle } from '../src/bundle/bundler.ts'
import { type ManifestDescription, writeManifest } from '../src/bundle/manifest-writer.ts'
import type { Caller } from '../src/protocol/operation.ts'
import type { Cloud } from './cloud.ts'
import { cannedAcl } from './objects/acl.ts'

/** A bundle for Object Storage; all but its owner has a default. */
export interface TestBundle extends Partial<ManifestDescription> {
  readonly as?: Caller
  readonly bytes?: Buffer
  /** `bucket/key` of the manifest; the parts lie beside it. */
  readonly location?: string
  readonly acl?: 'aws-exec-read' | 'private'
  /** Changes the manifest's text before it is stored. */
  readonly edit?: (manifest: string) => string
}

/** Bundles bytes into a cloud's Object Storage; resolves with the location of the manifest. */
export function uploader(
  cloud: Cloud,
  cloudCertificate: string,
  administrator: Caller,
): (bundle?: TestBundle) => Promise<string> {
  return async (asked = {}) => {
    const { as = administrator, bytes = randomBytes(20_000), acl = 'aws-exec-read', edit = (one) => one } = asked
    const { location = `bundles-${cloud.ids.uuid()}/a/disk.manifest.xml`, ...described } = asked
    const [bucket = '', ...folders] = location.split('/').slice(0, -1)
    const owner = { accountId: as.accountId, canonicalId: cloud.accounts.byId(as.accountId)?.canonicalId ?? '' }
    const [grants, own] = [cannedAcl(acl, owner), cannedAcl('private', owner)]
    if (!grants || !own) throw new Error(`there is no canned ACL ${acl}`)
    const { objects } = cloud
    if (!(await objects.findBucket(bucket))) await objects.createBucket({ name: bucket, acl: own, location: '' })
    const put = (key: string, body: Buffer) =>
      objects.putObject({ bucket, key, acl: grants, headers: {}, metadata: {}, body: Readable.from([body]) })
    const beside = (name: string) => [...folders, name].join('/')
    const set = await bundle(
      Readable.from([bytes]),
      { name: 'disk', size: bytes.length, partSize: 8192 },
      async (part) => {
        await put(beside(part.filename), part.bytes)
      },
    )
    const manifest = writeManifest(set, {
      kind: 'machine',
      architecture: 'x86_64',
      accountId: as.accountId,
      cloudCertificate,
      ...described,
    })
    await put(location.slice(bucket.length + 1), Buffer.from(edit(manifest)))
    return location
  }
}
