import assert from 'node:assert/strict'
import { openBucket, texts } from '../../bucket.ts'
import { defineCase } from '../../case.ts'
import { postForm } from '../../form.ts'
import { refusal } from '../../refusal.ts'
import { signedPolicy } from '../../upload-policy.ts'

export default defineCase({
  id: 'object-storage/post-form',
  title: 'a form is stored under its signed policy, and one that departs from that is refused and leaves nothing',
  level: 'MUST',
  covers: ['PostObject', 'GetObject'],
  needs: ['s3', 'post-policy', 'signature-2'],
  source: 'eucalyptus-behaviour.md section 10.4; S3 API Reference, POST Object',
  seconds: 2,
  async run(tools) {
    const { account, s3 } = tools.administrator
    const named = await openBucket(tools)
    const bucket = named.name
    const conditions = [{ acl: 'private' }, { bucket }, ['starts-with', '$key', 'form/']]
    const signed = (seconds?: number) => {
      const { policy, signature } = signedPolicy(account, conditions, seconds)
      return { acl: 'private', AWSAccessKeyId: account.accessKeyId, Policy: policy, Signature: signature }
    }
    // What a browser adds for the file has to be in the policy for AWS.
    const key = 'form/a'
    const { headers } = await postForm(named, { key, ...signed() }, 'hello')
    assert.equal(headers['etag'], '"5d41402abc4b2a76b9719d911017c592"')
    assert.equal((await s3({ method: 'GET', path: `/${bucket}/${key}` })).body.toString(), 'hello')
    const departs = { eucalyptus: refusal('InvalidPolicyDocument', 400), aws: refusal('AccessDenied', 403) }
    const refused = (fields: Readonly<Record<string, string>>) => postForm(named, { key: 'form/b', ...fields }, 'x')
    await tools.refuses(refused({ ...signed(), key: 'other' }), departs)
    await tools.refuses(refused({ ...signed(), acl: 'public-read' }), departs)
    await tools.refuses(refused(signed(-3600)), departs)
    await tools.refuses(refused({ ...signed(), Signature: 'AAAA' }), refusal('SignatureDoesNotMatch', 403))
    await tools.refuses(refused({}), refusal('AccessDenied', 403))
    assert.deepEqual(texts(await named.document('?list-type=2'), 'Contents', 'Key'), [key])
  },
})
