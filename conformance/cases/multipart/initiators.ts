import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket, texts } from '../../bucket.ts'
import { canonicalId } from '../../grants.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, putPart } from '../../upload.ts'

const multipart = area('multipart', {
  needs: ['s3', 'multipart', 'two-accounts'],
  source:
    'S3 User Guide, Multipart upload and permissions; ObjectStorageGateway.java (listParts and abortMultipartUpload ask for WRITE on the bucket)',
})

const denied = refusal('AccessDenied', 403)
const gone = refusal('NoSuchUpload', 404)

/** The numbers of an upload's parts. */
const partsOf = async (bucket: Bucket, key: string, id: string) =>
  texts(await bucket.document(`${key}?uploadId=${id}`), 'Part', 'PartNumber')

export default [
  multipart(
    'who-began-it-may-end-it',
    'who began an upload in the bucket of another sees and aborts it, and so does the owner of the bucket; in AWS who may write there cannot touch those of others',
    ['CreateMultipartUpload', 'ListParts', 'AbortMultipartUpload', 'PutBucketAcl'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const theirs = bucket.as(tools.user)
      const [owner, other] = [await canonicalId(tools.administrator), await canonicalId(tools.user)]
      const grants = { 'x-amz-grant-full-control': `id=${owner}`, 'x-amz-grant-write': `id=${other}` }
      await bucket.ask('PUT', '?acl', { headers: grants })
      const begin = async () => {
        const id = await beginUpload(theirs, 'object')
        await putPart(theirs, 'object', id, 1, 'theirs')
        return id
      }
      const [first, second, third] = [await begin(), await begin(), await begin()]
      for (const one of [theirs, bucket]) expectSame('the parts', await partsOf(one, 'object', first), ['1'])
      expectSame('aborted by who began it', (await theirs.ask('DELETE', `object?uploadId=${first}`)).status, 204)
      await tools.refuses(partsOf(theirs, 'object', first), gone)
      expectSame('aborted by the owner', (await bucket.ask('DELETE', `object?uploadId=${second}`)).status, 204)
      await tools.refuses(partsOf(theirs, 'object', second), gone)
      const etag = await putPart(theirs, 'object', third, 1, 'theirs')
      await completeUpload(theirs, 'object', third, [[1, etag]])
      expectSame('GET object', await theirs.read('object'), 'theirs')
      const own = await beginUpload(bucket, 'own')
      const abort = theirs.ask('DELETE', `own?uploadId=${own}`)
      if (tools.target.fidelity === 'eucalyptus')
        return expectSame('aborted by who may write', (await abort).status, 204)
      await tools.refuses(abort, denied)
      await tools.refuses(partsOf(theirs, 'own', own), denied)
      expectSame('the upload of the owner', await partsOf(bucket, 'own', own), [])
    },
    { needs: ['s3', 'multipart', 'acl', 'two-accounts'], seconds: 2 },
  ),
  multipart(
    'a-policy-says-who-may-end-it',
    'in AWS a policy lets an account see and abort uploads that it did not begin; one that lets it put objects does not',
    ['AbortMultipartUpload', 'ListParts', 'PutBucketPolicy'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const theirs = bucket.as(tools.user)
      const ids = [await beginUpload(bucket, 'object'), await beginUpload(bucket, 'object')]
      const [first = '', second = ''] = ids
      const attempts = () => [partsOf(theirs, 'object', first), theirs.ask('DELETE', `object?uploadId=${first}`)]
      for (const attempt of attempts()) await tools.refuses(attempt, denied)
      if (tools.target.fidelity === 'aws') {
        const allow = async (...Action: string[]) => {
          const Principal = { AWS: `arn:aws:iam::${tools.user.account.accountId}:root` }
          const Resource = `arn:aws:s3:::${bucket.name}/*`
          const Statement = [{ Effect: 'Allow', Principal, Action, Resource }]
          await bucket.ask('PUT', '?policy', { body: JSON.stringify({ Version: '2012-10-17', Statement }) })
        }
        tools.later(`policy of ${bucket.name}`, () => bucket.ask('DELETE', '?policy'))
        await allow('s3:PutObject')
        for (const attempt of attempts()) await tools.refuses(attempt, denied)
        await allow('s3:AbortMultipartUpload', 's3:ListMultipartUploadParts')
        expectSame('the parts', await partsOf(theirs, 'object', first), [])
        expectSame('aborted by a policy', (await theirs.ask('DELETE', `object?uploadId=${first}`)).status, 204)
        await tools.refuses(partsOf(bucket, 'object', first), gone)
        await tools.refuses(beginUpload(theirs, 'object'), denied)
      }
      expectSame('the other upload', await partsOf(bucket, 'object', second), [])
    },
    { needs: ['s3', 'multipart', 'bucket-policy', 'two-accounts'] },
  ),
]
