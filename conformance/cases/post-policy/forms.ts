import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, contentOf, etagOf, expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { type Fields, postForm, signedFields } from '../../form.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const forms = area('post-policy', {
  needs: ['s3', 'post-policy', 'signature-2'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.4; S3 API Reference, POST Object and POST policy',
})

const broken = refusal('InvalidPolicyDocument', 400)
/** What departs from its policy. */
const departs = { eucalyptus: broken, aws: refusal('AccessDenied', 403) }
const absent = refusal('NoSuchKey', 404)

/** Posts with a policy of the administrator's that speaks of the bucket and of what else is given. */
const post = (
  tools: Tools,
  bucket: Bucket,
  fields: Fields,
  conditions: readonly unknown[],
  file: Blob | string = 'content',
) =>
  postForm(
    bucket,
    { ...fields, ...signedFields(tools.administrator.account, [{ bucket: bucket.name }, ...conditions]) },
    file,
  )

const anyKey = ['starts-with', '$key', ''] as const

export default [
  forms(
    'stores-what-it-says',
    'what a form says of type, metadata and ACL holds for the object that it stores',
    ['PostObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const own = { 'Content-Type': 'text/x-case', 'x-amz-meta-colour': 'blue', acl: 'public-read' }
      const conditions = [anyKey, ...Object.entries(own).map(([name, value]) => ({ [name]: value }))]
      const answer = await post(tools, bucket, { key: 'folder/object', ...own }, conditions)
      expectHeaders('POST', answer, { etag: etagOf('content') })
      const got = await bucket.anonymous.ask('GET', 'folder/object')
      expectSame('GET, by nobody', got.body.toString(), 'content')
      expectHeaders('GET', got, { 'content-type': 'text/x-case', 'x-amz-meta-colour': 'blue' })
    },
    { needs: ['s3', 'post-policy', 'signature-2', 'acl'], smoke: true },
  ),
  forms(
    'every-field-is-covered',
    'a field that no condition speaks of is refused, unless its name begins with x-ignore-',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const extra of ['x-amz-meta-colour', 'acl', 'other']) {
        const value = extra === 'acl' ? 'public-read' : 'x'
        await tools.refuses(post(tools, bucket, { key: 'object', [extra]: value }, [anyKey]), departs)
      }
      await tools.refuses(bucket.read('object'), absent)
      await post(tools, bucket, { key: 'object', 'x-ignore-button': 'x' }, [anyKey])
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { smoke: true },
  ),
  forms(
    'every-condition-holds',
    'a form is taken only if it is as every condition says: equal, or with that beginning',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const tried: [Fields, readonly unknown[], boolean][] = [
        [{ key: 'a/b' }, [['eq', '$key', 'a/b']], true],
        [{ key: 'a/b' }, [['eq', '$key', 'a']], false],
        [{ key: 'a/b' }, [['starts-with', '$key', 'a/']], true],
        [{ key: 'a' }, [['starts-with', '$key', 'a/']], false],
        [{ key: 'A/b' }, [['starts-with', '$key', 'a/']], false],
        [{ key: 'a' }, [{ key: 'a' }], true],
        [{ key: 'a' }, [{ key: 'b' }], false],
        [{ key: 'a' }, [anyKey, { 'x-amz-meta-colour': 'blue' }], false],
        [{ key: 'a', 'x-amz-meta-colour': 'red' }, [anyKey, { 'x-amz-meta-colour': 'blue' }], false],
        [{ key: 'a', 'x-amz-meta-colour': 'blue' }, [anyKey, ['starts-with', '$x-amz-meta-colour', 'bl']], true],
      ]
      for (const [fields, conditions, isTaken] of tried) {
        const key = fields['key'] ?? ''
        if (isTaken) {
          await post(tools, bucket, fields, conditions)
          expectSame(`GET ${key}, after ${JSON.stringify(conditions)}`, await bucket.read(key), 'content')
          await bucket.ask('DELETE', key)
        } else {
          await tools.refuses(post(tools, bucket, fields, conditions), departs)
          await tools.refuses(bucket.read(key), absent)
        }
      }
    },
  ),
  forms(
    'for-one-bucket',
    'a policy for one bucket stores nothing in another, and one that names no bucket stores nothing',
    ['PostObject'],
    async (tools) => {
      const [bucket, other] = [await openBucket(tools), await openBucket(tools)]
      const { account } = tools.administrator
      const fields = { key: 'object', ...signedFields(account, [{ bucket: bucket.name }, anyKey]) }
      await tools.refuses(postForm(other, fields, 'content'), departs)
      await tools.refuses(other.read('object'), absent)
      const unnamed = { key: 'object', ...signedFields(account, [anyKey]) }
      await tools.refuses(postForm(other, unnamed, 'content'), departs)
      await postForm(bucket, fields, 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  forms(
    'ends',
    'a policy that is over is refused; a moment before its end it is good',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const signed = (seconds: number) => ({
        key: 'object',
        ...signedFields(tools.administrator.account, [{ bucket: bucket.name }, anyKey], seconds),
      })
      for (const seconds of [-60, -86_400]) {
        await tools.refuses(postForm(bucket, signed(seconds), 'content'), departs)
      }
      await tools.refuses(bucket.read('object'), absent)
      await postForm(bucket, signed(600), 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  forms(
    'has-a-size',
    'a file of fewer or more bytes than the policy says is refused and leaves nothing',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      // Eucalyptus reads both bounds from one text.
      const range = tools.of<readonly unknown[]>({
        eucalyptus: ['content-length-range', '$file', '5,10'],
        aws: ['content-length-range', 5, 10],
      })
      const send = (size: number) => post(tools, bucket, { key: 'object' }, [anyKey, range], 'x'.repeat(size))
      await tools.refuses(send(4), { eucalyptus: broken, aws: refusal('EntityTooSmall', 400) })
      for (const size of [11, 200_000]) {
        await tools.refuses(send(size), { eucalyptus: broken, aws: refusal('EntityTooLarge', 400) })
      }
      await tools.refuses(bucket.read('object'), absent)
      for (const size of [5, 10]) {
        await send(size)
        expectSame(`GET, after ${size} bytes`, (await bucket.read('object')).length, size)
      }
    },
  ),
  forms(
    'answers-as-it-asks',
    'success is answered with the status that the form asks for: 200, 204, or 201 with a document; 204 for any other',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const send = (status: string) => {
        const fields = { key: 'object', success_action_status: status }
        return post(tools, bucket, fields, [anyKey, ['starts-with', '$success_action_status', '']])
      }
      for (const [asked, status] of Object.entries({ 200: 200, 204: 204, 404: 204 })) {
        const answer = await send(asked)
        expectSame(`success_action_status=${asked}`, [answer.status, answer.body.length], [status, 0])
      }
      const created = await send('201')
      expectSame('success_action_status=201', created.status, 201)
      const document = contentOf(created)
      const came = ['Bucket', 'Key', 'ETag'].map((name) => text(document, name))
      expectSame('the document', came, [bucket.name, 'object', etagOf('content')])
    },
  ),
  forms(
    'sends-elsewhere',
    'a form may ask to be sent to a page when it is stored, which is told bucket, key and ETag',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const page = 'https://pages.example.com/done?from=form'
      const fields = { key: 'a key', success_action_redirect: page }
      const answer = await post(tools, bucket, fields, [anyKey, { success_action_redirect: page }])
      expectSame('the status', answer.status, 303)
      const { origin, pathname, searchParams } = new URL(answer.headers['location'] ?? '')
      expectSame('where to', origin + pathname, 'https://pages.example.com/done')
      const told = Object.fromEntries(searchParams)
      expectSame('what is told', told, { from: 'form', bucket: bucket.name, key: 'a key', etag: etagOf('content') })
    },
  ),
  forms(
    'names-the-file',
    'the name of the file takes the place of the variable for it in the key',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await post(tools, bucket, { key: `up/\${filename}` }, [['starts-with', '$key', 'up/']])
      expectSame('GET', await bucket.read('up/a%20file.txt'), 'content')
    },
    { source: 'S3 API Reference, POST Object (form fields, key)' },
  ),
]
