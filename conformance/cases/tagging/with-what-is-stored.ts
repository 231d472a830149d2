import { field, list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket, openVersionedBucket } from '../../bucket.ts'
import { postForm, signedFields } from '../../form.ts'
import { beginUpload, completeUpload, putPart } from '../../upload.ts'

const tagging = area('tagging', {
  needs: ['s3', 'object-tagging'],
  source:
    'S3 User Guide, Categorizing your objects using tags; S3 API Reference, POST Object and CreateMultipartUpload',
})

const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`
const document = (tags: string) => `<Tagging><TagSet>${tags}</TagSet></Tagging>`

/** The tags of an object, or of one version: `key?versionId=…`. */
async function tagsOf(bucket: Bucket, keyAndQuery: string): Promise<string[]> {
  const [key = '', query] = keyAndQuery.split('?')
  const answer = await bucket.document(`${key}?tagging${query === undefined ? '' : `&${query}`}`)
  return list(field(answer, 'TagSet'), 'Tag').map((one) => `${text(one, 'Key')}=${text(one, 'Value')}`)
}

export default [
  tagging(
    'of-an-upload-and-a-form',
    'an object has the tags that its upload in parts was begun with, or that stand in its form',
    ['CreateMultipartUpload', 'CompleteMultipartUpload', 'PostObject', 'GetObjectTagging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'upload', { 'x-amz-tagging': 'colour=blue' })
      await completeUpload(bucket, 'upload', id, [[1, await putPart(bucket, 'upload', id, 1, 'content')]])
      expectSame('the upload', await tagsOf(bucket, 'upload'), ['colour=blue'])
      const conditions = [{ bucket: bucket.name }, { key: 'form' }, ['starts-with', '$tagging', '']]
      const signed = signedFields(tools.administrator.account, conditions)
      await postForm(bucket, { key: 'form', tagging: document(tag('colour', 'red')), ...signed }, 'content')
      expectSame('the form', await tagsOf(bucket, 'form'), ['colour=red'])
    },
    { needs: ['s3', 'object-tagging', 'multipart', 'post-policy', 'signature-2'] },
  ),
  tagging(
    'of-a-version',
    'each version has tags of its own, which are read, changed and deleted by its id',
    ['PutObjectTagging', 'GetObjectTagging', 'DeleteObjectTagging'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const put = async (colour: string) =>
        (await bucket.put('object', colour, { 'x-amz-tagging': `colour=${colour}` }))['x-amz-version-id'] ?? ''
      const [first, second] = [await put('blue'), await put('red')]
      const both = async () => [
        await tagsOf(bucket, `object?versionId=${first}`),
        await tagsOf(bucket, `object?versionId=${second}`),
      ]
      expectSame('the tags', await both(), [['colour=blue'], ['colour=red']])
      expectSame('of the newest', await tagsOf(bucket, 'object'), ['colour=red'])
      await bucket.ask('PUT', `object?tagging&versionId=${first}`, { body: document(tag('colour', 'green')) })
      expectSame('changed', await both(), [['colour=green'], ['colour=red']])
      await bucket.ask('DELETE', `object?tagging&versionId=${second}`)
      expectSame('deleted', await both(), [['colour=green'], []])
    },
    { needs: ['s3', 'object-tagging', 'versioning'] },
  ),
]
