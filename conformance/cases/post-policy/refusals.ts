import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket } from '../../bucket.ts'
import { postForm, signedFields } from '../../form.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { signedText } from '../../upload-policy.ts'

const forms = area('post-policy', {
  needs: ['s3', 'post-policy', 'signature-2'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.4; S3 API Reference, POST Object and List of error codes',
})

const denied = refusal('AccessDenied', 403)

/** The fields of a good form for the key `object`. */
const goodFields = (tools: Tools, { name }: Bucket, by = tools.administrator.account) => ({
  key: 'object',
  ...signedFields(by, [{ bucket: name }, { key: 'object' }]),
})

export default [
  forms(
    'signed-by-who-may-not',
    'a policy gives no more than the account may that signed it',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const theirs = goodFields(tools, bucket, tools.user.account)
      await tools.refuses(postForm(bucket, theirs, 'theirs'), denied)
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await postForm(bucket, goodFields(tools, bucket), 'mine')
      expectSame('GET object', await bucket.read('object'), 'mine')
    },
    { needs: ['s3', 'post-policy', 'signature-2', 'two-accounts'] },
  ),
  forms(
    'signatures-that-are-wrong',
    'a form with another signature, a changed policy, an unknown key or a part of them missing is refused',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const good = goodFields(tools, bucket)
      const send = (fields: Readonly<Record<string, string>>) => postForm(bucket, fields, 'content')
      const mismatch = refusal('SignatureDoesNotMatch', 403)
      await tools.refuses(send({ ...good, Signature: Buffer.alloc(20).toString('base64') }), mismatch)
      const wider = signedFields({ ...tools.administrator.account, secretAccessKey: 'guessed' }, [
        { bucket: bucket.name },
      ])
      await tools.refuses(send({ ...good, Policy: wider['Policy'] ?? '' }), mismatch)
      const nobody = { ...good, AWSAccessKeyId: 'AKIANOBODYHASTHISKEY' }
      await tools.refuses(send(nobody), refusal('InvalidAccessKeyId', 403))
      const missing = { eucalyptus: refusal('InvalidPolicyDocument', 400), aws: refusal('InvalidArgument', 400) }
      for (const name of ['Signature', 'AWSAccessKeyId']) {
        const fields = Object.fromEntries(Object.entries(good).filter(([one]) => one !== name))
        await tools.refuses(send(fields), missing)
      }
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
    },
  ),
  forms(
    'policies-that-cannot-be-read',
    'a policy that is no JSON or has no conditions is refused, though it is signed',
    ['PostObject'],
    async (tools) => {
      const { account } = tools.administrator
      const bucket = await openBucket(tools)
      for (const text of ['no JSON', '[]', '{"expiration":"2099-01-01T00:00:00Z"}', '{"conditions":"none"}']) {
        const { policy, signature } = signedText(account, text)
        const fields = { key: 'object', AWSAccessKeyId: account.accessKeyId, Policy: policy, Signature: signature }
        await tools.refuses(postForm(bucket, fields, 'content'), refusal('InvalidPolicyDocument', 400))
      }
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await postForm(bucket, goodFields(tools, bucket), 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  forms(
    'without-a-policy',
    'a form without a policy is of nobody in particular: taken where everybody may write, and nowhere else',
    ['PostObject', 'PutBucketAcl'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await tools.refuses(postForm(bucket, { key: 'object' }, 'content'), denied)
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await bucket.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
      await postForm(bucket, { key: 'object', acl: 'public-read' }, 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { needs: ['s3', 'post-policy', 'acl'] },
  ),
  forms(
    'that-are-no-forms',
    'a POST that is no form, has no file or no key is refused',
    ['PostObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const plain = bucket.anonymous.ask('POST', '', { headers: { 'content-type': 'text/plain' }, body: 'content' })
      await tools.refuses(plain, {
        eucalyptus: refusal('MalformedPOSTRequest', 400),
        aws: refusal('PreconditionFailed', 412),
      })
      const headers = { 'content-type': 'multipart/form-data; boundary=b' }
      const bare = bucket.anonymous.ask('POST', '', {
        headers,
        body: '--b\r\ncontent-disposition: form-data; name="key"\r\n\r\nobject\r\n--b--\r\n',
      })
      await tools.refuses(bare, {
        eucalyptus: refusal('MalformedPOSTRequest', 400),
        aws: refusal('InvalidArgument', 400),
      })
      await postForm(bucket, goodFields(tools, bucket), 'content')
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  forms(
    'version-4-by-minio',
    'a form that a released client has signed with version 4 is refused once it is changed; AWS takes it as it is',
    ['PostObject'],
    async (tools) => {
      const { minio } = tools.administrator
      const bucket = await openBucket(tools)
      const policy = minio.newPostPolicy()
      policy.setBucket(bucket.name)
      policy.setKey('object')
      policy.setContentType('text/x-case')
      policy.setExpires(new Date(Date.now() + 600_000))
      policy.setUserMetaData({ colour: 'blue' })
      const { formData } = await minio.presignedPostPolicy(policy)
      const fields: Record<string, string> = Object.fromEntries(
        Object.entries(formData).map(([name, value]) => [name, String(value)]),
      )
      const refused = [
        ['other', {}],
        ['object', { 'x-amz-signature': '0'.repeat(64) }],
      ] as const
      for (const [key, change] of refused) {
        const status = await postForm(bucket, { ...fields, key, ...change }, 'content').then(
          (answer) => answer.status,
          (error: { status?: number }) => error.status ?? 0,
        )
        expectSame('a form that was changed is refused', status === 400 || status === 403, true)
        await tools.refuses(bucket.read(key), refusal('NoSuchKey', 404))
      }
      // Eucalyptus documents version 2 alone.
      if (tools.target.fidelity === 'eucalyptus') return
      await postForm(bucket, fields, 'content')
      const { headers, body } = await bucket.ask('GET', 'object')
      const came = [body.toString(), headers['content-type'], headers['x-amz-meta-colour']]
      expectSame('GET object', came, ['content', 'text/x-case', 'blue'])
    },
    {
      needs: ['s3', 'post-policy'],
      source: 'S3 API Reference, Authenticating requests in browser-based uploads; eucalyptus-behaviour.md section 1.2',
    },
  ),
]
