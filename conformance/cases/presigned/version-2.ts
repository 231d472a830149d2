import { ServiceError } from '../../../src/client/service-error.ts'
import { area } from '../../area.ts'
import { expectHeaders, expectSame, openBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload } from '../../upload.ts'
import { signedByVersion2 } from '../../version2.ts'

const presigned = area('presigned', {
  needs: ['s3', 'signature-2'],
  source:
    'eucalyptus-behaviour.md sections 1.2 and 10.4; S3 User Guide, Authenticating requests with version 2 (CanonicalizedResource)',
})

const mismatch = refusal('SignatureDoesNotMatch', 403)

/** Sub-resources of buckets that can be read: they are signed. */
const ofBuckets = [
  'acl',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'policy',
  'versioning',
  'versions',
] as const

/** The status of an answer, whether it is a success or not. */
const statusOf = (attempt: Promise<{ status: number }>): Promise<number> =>
  attempt.then(
    ({ status }) => status,
    (error: unknown) => {
      if (error instanceof ServiceError) return error.status
      throw error
    },
  )

export default [
  presigned(
    'sub-resources-of-version-2',
    'version 2 signs the sub-resource that is asked for: signed without it, or with another, the request is refused',
    ['GetBucketAcl', 'GetBucketLocation', 'GetBucketPolicy', 'GetObjectAcl', 'ListObjectVersions'],
    async (tools) => {
      const { account } = tools.administrator
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      for (const isPresigned of [false, true]) {
        const ask = (place: string, resource: string) =>
          bucket.ask('GET', place, signedByVersion2(account, { resource: `/${bucket.name}${resource}`, isPresigned }))
        for (const sub of ofBuckets) {
          const status = await statusOf(ask(`?${sub}`, `?${sub}`))
          // A configuration that is not there is told to who has signed rightly.
          expectSame(`GET ?${sub}, signed with it: ${status}`, status === 200 || status === 404, true)
          await tools.refuses(ask(`?${sub}`, ''), mismatch)
          await tools.refuses(ask(`?${sub}`, '?uploads'), mismatch)
        }
        expectSame('GET object?acl', (await ask('object?acl', '/object?acl')).status, 200)
        await tools.refuses(ask('object?acl', '/object'), mismatch)
        await tools.refuses(ask('object', '/object?acl'), mismatch)
        expectSame('GET object', (await ask('object', '/object')).body.toString(), 'content')
      }
    },
    { needs: ['s3', 'signature-2', 'lifecycle', 'bucket-policy', 'versioning'] },
  ),
  presigned(
    'parameters-of-version-2',
    'version 2 signs the headers that are chosen for the answer, decoded, and not the parameters of a listing',
    ['GetObject', 'ListObjects'],
    async (tools) => {
      const { account } = tools.administrator
      const bucket = await openBucket(tools)
      for (const key of ['a', 'b']) await bucket.put(key, key)
      for (const isPresigned of [false, true]) {
        const signed = (resource: string) =>
          signedByVersion2(account, { resource: `/${bucket.name}${resource}`, isPresigned })
        const place = 'a?response-content-type=text%2Fx-chosen'
        const chosen = await bucket.ask('GET', place, signed('/a?response-content-type=text/x-chosen'))
        expectHeaders('GET a', chosen, { 'content-type': 'text/x-chosen' })
        await tools.refuses(bucket.ask('GET', place, signed('/a')), mismatch)
        const encoded = '/a?response-content-type=text%2Fx-chosen'
        await tools.refuses(bucket.ask('GET', place, signed(encoded)), mismatch)
        const listing = await bucket.ask('GET', '?prefix=b&max-keys=5', signed(''))
        expectSame('the listing', listing.body.toString().match(/<Key>[^<]*/g), ['<Key>b'])
        await tools.refuses(bucket.ask('GET', '?prefix=b', signed('?prefix=b')), mismatch)
      }
    },
  ),
  presigned(
    'uploads-in-parts-by-version-2',
    'the parts of an upload are put with signatures of version 2 over number and id, in order of their names',
    ['CreateMultipartUpload', 'UploadPart', 'ListParts', 'CompleteMultipartUpload'],
    async (tools) => {
      const { account } = tools.administrator
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const put = (number: number, resource: string, isPresigned: boolean) =>
        bucket.ask('PUT', `object?uploadId=${id}&partNumber=${number}`, {
          body: `part ${number}`,
          ...signedByVersion2(account, { resource: `/${bucket.name}/object${resource}`, isPresigned }),
        })
      const etags: string[] = []
      for (const [index, isPresigned] of [false, true].entries()) {
        const number = index + 1
        await tools.refuses(put(number, `?uploadId=${id}&partNumber=${number}`, isPresigned), mismatch)
        await tools.refuses(put(number, `?partNumber=7&uploadId=${id}`, isPresigned), mismatch)
        const { headers } = await put(number, `?partNumber=${number}&uploadId=${id}`, isPresigned)
        etags.push(headers['etag'] ?? '')
      }
      expectSame('the parts', texts(await bucket.document(`object?uploadId=${id}`), 'Part', 'PartNumber'), ['1', '2'])
      await completeUpload(bucket, 'object', id, [[1, etags[0] ?? '']])
      expectSame('GET object', await bucket.read('object'), 'part 1')
    },
    { needs: ['s3', 'signature-2', 'multipart'] },
  ),
]
