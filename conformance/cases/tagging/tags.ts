import { list, text, type Xml } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, expectHeaders, expectSame, expectStatus, openBucket, settled } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const tagging = area('tagging', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, PutBucketTagging and PutObjectTagging',
})

type Tags = readonly (readonly [string, string])[]

const documentOf = (tags: Tags) => {
  const set = tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`)
  return `<Tagging><TagSet>${set.join('')}</TagSet></Tagging>`
}

const put = (bucket: Bucket, keyAndQuery: string, tags: Tags) =>
  bucket.ask('PUT', keyAndQuery, { body: documentOf(tags) })

const tagsIn = (document: Xml) =>
  list(document, 'TagSet', 'Tag')
    .map((tag) => `${text(tag, 'Key')}=${text(tag, 'Value')}`)
    .sort()

const many = (count: number): Tags => Array.from({ length: count }, (_, index) => [`key-${index}`, 'value'])

export default [
  tagging(
    'of-a-bucket',
    'the tags of a bucket come back as they were put, replace those before, and are gone once they are deleted',
    ['PutBucketTagging', 'GetBucketTagging', 'DeleteBucketTagging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const absent = refusal('NoSuchTagSet', 404)
      await tools.refuses(bucket.ask('GET', '?tagging'), absent)
      const tags: Tags = [
        ['colour', 'blue'],
        ['größe', 'a b=c'],
        ['empty', ''],
      ]
      for (const given of [[['old', 'x']] as Tags, tags]) {
        expectSame('PUT ?tagging', (await put(bucket, '?tagging', given)).status, 204)
      }
      await settled(tools, async () => {
        expectSame('the tags', tagsIn(await bucket.document('?tagging')), ['colour=blue', 'empty=', 'größe=a b=c'])
      })
      expectSame('DELETE ?tagging', (await bucket.ask('DELETE', '?tagging')).status, 204)
      await settled(tools, () => tools.refuses(bucket.ask('GET', '?tagging'), absent))
    },
  ),
  tagging(
    'of-a-bucket-have-limits',
    'a bucket has up to 50 tags of different keys; more, the same key twice and no XML are refused',
    ['PutBucketTagging', 'GetBucketTagging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, '?tagging', many(50))
      await expectStatus(put(bucket, '?tagging', many(51)), 400)
      const twice: Tags = [
        ['key', 'a'],
        ['key', 'b'],
      ]
      await tools.refuses(put(bucket, '?tagging', twice), refusal('InvalidTag', 400))
      await tools.refuses(bucket.ask('PUT', '?tagging', { body: '<Tagging' }), refusal('MalformedXML', 400))
      await settled(tools, async () => {
        expectSame('how many tags', tagsIn(await bucket.document('?tagging')).length, 50)
      })
    },
  ),
  tagging(
    'of-an-object-by-minio',
    'the tags of an object come back as they were put, replace those before, and are gone once they are deleted',
    ['PutObjectTagging', 'GetObjectTagging', 'DeleteObjectTagging', 'GetObject'],
    async (tools) => {
      const { minio } = tools.administrator
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      expectSame('at first', tagsIn(await bucket.document('object?tagging')), [])
      await minio.setObjectTagging(bucket.name, 'object', { old: 'x' })
      await minio.setObjectTagging(bucket.name, 'object', { colour: 'blue', size: 'very large' })
      expectSame('the tags', tagsIn(await bucket.document('object?tagging')), ['colour=blue', 'size=very large'])
      const got = await bucket.ask('GET', 'object')
      expectHeaders('GET object', got, { 'x-amz-tagging-count': '2' })
      await minio.removeObjectTagging(bucket.name, 'object', { versionId: '' })
      expectSame('after they were deleted', tagsIn(await bucket.document('object?tagging')), [])
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { needs: ['s3', 'object-tagging'] },
  ),
  tagging(
    'of-an-object-with-the-object',
    'tags can come with an object, and a copy has those of its source unless the request says REPLACE',
    ['PutObject', 'CopyObject', 'GetObjectTagging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content', { 'x-amz-tagging': 'colour=light%20blue&size=1' })
      const tags = async (key: string) => tagsIn(await bucket.document(`${key}?tagging`))
      expectSame('object', await tags('object'), ['colour=light blue', 'size=1'])
      const copy = (key: string, headers: Record<string, string>) =>
        bucket.ask('PUT', key, { headers: { 'x-amz-copy-source': `${bucket.name}/object`, ...headers } })
      await copy('copy', {})
      expectSame('copy', await tags('copy'), ['colour=light blue', 'size=1'])
      await copy('other', { 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'colour=red' })
      expectSame('other', await tags('other'), ['colour=red'])
      await bucket.put('object', 'again')
      expectSame('object, put again', await tags('object'), [])
    },
    { needs: ['s3', 'object-tagging'] },
  ),
  tagging(
    'of-an-object-have-limits',
    'an object has up to 10 tags; more, the same key twice, and keys and values that are too long are refused',
    ['PutObjectTagging', 'GetObjectTagging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      await put(bucket, 'object?tagging', many(10))
      await expectStatus(put(bucket, 'object?tagging', many(11)), 400)
      const invalid = refusal('InvalidTag', 400)
      const bad: Tags[] = [
        [
          ['key', 'a'],
          ['key', 'b'],
        ],
        [['k'.repeat(129), 'value']],
        [['key', 'v'.repeat(257)]],
      ]
      for (const tags of bad) await tools.refuses(put(bucket, 'object?tagging', tags), invalid)
      expectSame('how many tags', tagsIn(await bucket.document('object?tagging')).length, 10)
      await put(bucket, 'object?tagging', [['k'.repeat(128), 'v'.repeat(256)]])
      expectSame('how many tags', tagsIn(await bucket.document('object?tagging')).length, 1)
    },
    { needs: ['s3', 'object-tagging'] },
  ),
]
