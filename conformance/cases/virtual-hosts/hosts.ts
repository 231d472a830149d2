import { buffer } from 'node:stream/consumers'
import { s3Request } from '../../../src/client/s3.ts'
import { type RawRequest, type RawResponse, send } from '../../../src/client/send.ts'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, bucketNamed, expectHeaders, expectSame, openBucket, settled, texts } from '../../bucket.ts'
import { creationOf, removeBucket } from '../../buckets.ts'
import { answered } from '../../clients.ts'
import { postForm, signedFields } from '../../form.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { leastPart } from '../../upload.ts'
import { signedByVersion2 } from '../../version2.ts'
import { toHost } from '../../virtual-hosts.ts'

const hosts = area('virtual-hosts', {
  needs: ['s3', 'virtual-hosts'],
  source:
    'eucalyptus-behaviour.md section 10.2 (addressing); S3 User Guide, Virtual hosting of general purpose buckets',
})

const mismatch = refusal('SignatureDoesNotMatch', 403)

/** Object Storage by a name of its own. */
function hostOf({ target }: Tools): string {
  const { virtualHosts } = target.endpoints
  if (virtualHosts === undefined) throw new Error(`the target ${target.name} has no endpoints.virtualHosts`)
  return virtualHosts
}

/** The administrator's clients, which put the names of buckets before a host. */
const inHosts = (tools: Tools, host = hostOf(tools)) => tools.clients(tools.administrator.account, { hosts: host })

/** The same bucket, its name in the host. */
const hosted = (tools: Tools, { name }: Bucket, host?: string): Bucket => bucketNamed(name, inHosts(tools, host))

/** Sends what was signed for one host to another. */
const toAnother = (from: string, to: string) => ({
  mutate: (request: RawRequest): RawRequest => ({
    ...request,
    headers: request.headers.map(([name, value]) => [name, name === 'host' ? value.replace(from, to) : value] as const),
  }),
})

/** Reads a path at the service's own name, with no bucket before it. */
function askAt(tools: Tools, endpoint: string, path: string): Promise<RawResponse> {
  const { s3Target } = tools.administrator
  return answered(s3Request({ ...s3Target, endpoint, send: toHost(s3Target.send ?? send) }, { method: 'GET', path }))
}

/** Keys that would be something else in path style: they begin with the bucket's name and with paths of services. */
const keysOf = ({ name }: Bucket) => ['plain', 'services/compute', 'services/objectstorage/key', `${name}/its-own-name`]

export default [
  hosts(
    'beside-path-style',
    'a bucket in the name of the host is the one in the path, and then the whole path is the key',
    ['PutObject', 'GetObject', 'HeadObject', 'DeleteObject', 'ListObjectsV2', 'HeadBucket'],
    async (tools) => {
      const inPath = await openBucket(tools)
      const inHost = hosted(tools, inPath)
      const keys = keysOf(inPath).sort()
      for (const [index, key] of keys.entries()) {
        const [one, other] = index % 2 === 0 ? [inHost, inPath] : [inPath, inHost]
        await one.put(key, `at ${key}`)
        expectSame(`GET ${key}`, await other.read(key), `at ${key}`)
        expectHeaders(`HEAD ${key}`, await inHost.ask('HEAD', key), { 'content-length': String(`at ${key}`.length) })
      }
      const listing = await inHost.document('?list-type=2')
      const told = [text(listing, 'Name'), texts(listing, 'Contents', 'Key')]
      expectSame('the listing', told, [inPath.name, keys])
      expectSame('HEAD of the bucket', (await inHost.ask('HEAD')).status, 200)
      expectSame('DELETE', (await inHost.ask('DELETE', 'plain')).status, 204)
      await tools.refuses(inPath.read('plain'), refusal('NoSuchKey', 404))
      await tools.refuses(inHost.read('plain'), refusal('NoSuchKey', 404))
    },
  ),
  hosts(
    'made-and-removed',
    'a bucket is made and removed by the name of its host; where none is, that is told',
    ['CreateBucket', 'DeleteBucket', 'HeadBucket', 'ListObjectsV2', 'PutObject', 'DeleteObject'],
    async (tools) => {
      const { administrator } = tools
      const name = tools.name('bucket')
      const [inHost, inPath] = [bucketNamed(name, inHosts(tools)), bucketNamed(name, administrator)]
      const absent = refusal('NoSuchBucket', 404)
      await tools.refuses(inHost.document('?list-type=2'), absent)
      await tools.refuses(inHost.put('object', 'x'), absent)
      tools.later(`bucket ${name}`, () => removeBucket(administrator, name))
      await inHost.ask('PUT', '', { body: creationOf(tools.target) })
      expectSame('HEAD, in path style', (await inPath.ask('HEAD')).status, 200)
      await inHost.put('object', 'content')
      await tools.refuses(inHost.ask('DELETE'), refusal('BucketNotEmpty', 409))
      await inHost.ask('DELETE', 'object')
      expectSame('DELETE', (await inHost.ask('DELETE')).status, 204)
      await tools.refuses(inPath.ask('HEAD'), refusal('HTTP 404', 404))
    },
  ),
  hosts(
    'service-without-a-bucket',
    "the service's own name lists the buckets and takes path style; Eucalyptus has three such names",
    ['ListBuckets', 'GetObject', 'PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const url = new URL(hostOf(tools))
      const [, ...domain] = url.hostname.split('.')
      const names = tools.of({ eucalyptus: ['s3', 'objectstorage', 'walrus'], aws: [url.hostname.split('.')[0]] })
      for (const name of names) {
        const host = `${url.protocol}//${[name, ...domain].join('.')}${url.port && `:${url.port}`}`
        expectSame(`GET object, at ${name}`, await hosted(tools, bucket, host).read('object'), 'content')
        const listing = (await askAt(tools, host, '/')).body.toString()
        expectSame(`the buckets, at ${name}, name it`, listing.includes(`<Name>${bucket.name}</Name>`), true)
        const inPath = await askAt(tools, host, `/${bucket.name}/object`)
        expectSame(`GET object in path style, at ${name}`, inPath.body.toString(), 'content')
      }
    },
  ),
  hosts(
    'signed-for-one-host',
    'a signature for the bucket in the host is taken, in headers and in a query, and opens no other bucket',
    ['GetObject', 'PutObject'],
    async (tools) => {
      const [bucket, other] = [await openBucket(tools), await openBucket(tools)]
      for (const one of [bucket, other]) await one.put('object', `in ${one.name}`)
      for (const sign of ['v4', 'v4-query'] as const) {
        const inHost = hosted(tools, bucket)
        expectSame(`GET by ${sign}`, await inHost.read('object', { sign }), `in ${bucket.name}`)
        const away = toAnother(bucket.name, other.name)
        await tools.refuses(inHost.ask('GET', 'object', { sign, ...away }), mismatch)
        await tools.refuses(inHost.ask('PUT', 'object', { sign, body: 'theirs', ...away }), mismatch)
      }
      await tools.refuses(hosted(tools, bucket).anonymous.read('object'), refusal('AccessDenied', 403))
      expectSame('GET of the other', await other.read('object'), `in ${other.name}`)
    },
  ),
  hosts(
    'signed-with-version-2',
    'version 2 signs the bucket of the host as the beginning of the path, and opens no other bucket',
    ['GetObject', 'PutObject'],
    async (tools) => {
      const { account } = tools.administrator
      const [bucket, other] = [await openBucket(tools), await openBucket(tools)]
      for (const one of [bucket, other]) await one.put('object', `in ${one.name}`)
      const inHost = hosted(tools, bucket)
      for (const isPresigned of [false, true]) {
        const signed = (resource: string) => signedByVersion2(account, { resource, isPresigned })
        const good = signed(`/${bucket.name}/object`)
        expectSame('GET, signed with its bucket', await inHost.read('object', good), `in ${bucket.name}`)
        for (const resource of ['/object', `/${other.name}/object`]) {
          await tools.refuses(inHost.ask('GET', 'object', signed(resource)), mismatch)
        }
        await tools.refuses(hosted(tools, other).ask('PUT', 'object', { ...good, body: 'theirs' }), mismatch)
      }
    },
    {
      needs: ['s3', 'virtual-hosts', 'signature-2'],
      source:
        'eucalyptus-behaviour.md sections 1.2 and 10.2; S3 User Guide, Authenticating requests with version 2 (CanonicalizedResource)',
    },
  ),
  hosts(
    'by-minio',
    'a released client that puts the bucket into the host stores, lists, reads and removes, a long object in parts too',
    [
      ...['PutObject', 'GetObject', 'HeadObject', 'ListObjectsV2', 'DeleteObject'],
      ...['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'],
    ],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { minio } = inHosts(tools)
      // It would send as little as this by one PUT.
      minio.partSize = leastPart
      const bytes = Buffer.alloc(6 * 2 ** 20, 'a long object ')
      await minio.putObject(bucket.name, 'folder/ä ß', 'content')
      await minio.putObject(bucket.name, 'long', bytes, undefined, {})
      const came = await buffer(await minio.getObject(bucket.name, 'long'))
      expectSame('the long one came back', came.equals(bytes), true)
      const { etag = '' } = (await bucket.ask('HEAD', 'long')).headers
      expectSame('its ETag is that of parts', /^"[0-9a-f]{32}-[12]"$/.test(etag) || etag, true)
      const listed: string[] = []
      for await (const { name } of minio.listObjectsV2(bucket.name, '', true) as AsyncIterable<{ name: string }>)
        listed.push(name)
      expectSame('the listing', listed.sort(), ['folder/ä ß', 'long'])
      expectSame('in path style', await bucket.read('folder/%C3%A4%20%C3%9F'), 'content')
      await minio.removeObject(bucket.name, 'long')
      await tools.refuses(bucket.read('long'), refusal('NoSuchKey', 404))
    },
    { needs: ['s3', 'multipart', 'virtual-hosts'], seconds: 2 },
  ),
  hosts(
    'forms-and-pages',
    "a form that is posted to the bucket's host is for that bucket, and pages of other origins are answered there",
    ['PostObject', 'PutBucketCors', 'GetObject'],
    async (tools) => {
      const { account } = tools.administrator
      const [bucket, other] = [await openBucket(tools), await openBucket(tools)]
      const inHost = hosted(tools, bucket)
      const fields = (name: string) => ({
        key: 'object',
        ...signedFields(account, [{ bucket: name }, { key: 'object' }]),
      })
      expectSame('POST', (await postForm(inHost, fields(bucket.name), 'content')).status < 300, true)
      expectSame('GET object', await bucket.read('object'), 'content')
      const refused = { eucalyptus: refusal('InvalidPolicyDocument', 400), aws: refusal('AccessDenied', 403) }
      await tools.refuses(postForm(hosted(tools, other), fields(bucket.name), 'theirs'), refused)
      await tools.refuses(other.read('object'), refusal('NoSuchKey', 404))
      const [from, rule] = ['https://pages.example.com', '<AllowedMethod>GET</AllowedMethod>']
      const body = `<CORSConfiguration><CORSRule><AllowedOrigin>${from}</AllowedOrigin>${rule}</CORSRule></CORSConfiguration>`
      await inHost.ask('PUT', '?cors', { body })
      const headers = { origin: from, 'access-control-request-method': 'GET' }
      await settled(tools, async () => {
        const answer = await inHost.anonymous.ask('OPTIONS', 'object', { headers })
        expectHeaders('OPTIONS', answer, { 'access-control-allow-origin': from })
      })
      const elsewhere = hosted(tools, other).anonymous.ask('OPTIONS', 'object', { headers })
      await tools.refuses(elsewhere, refusal('AccessForbidden', 403))
    },
    { needs: ['s3', 'virtual-hosts', 'post-policy', 'signature-2', 'cors'] },
  ),
]
