import assert from 'node:assert/strict'
import { list, readXml, text } from '../../../src/client/xml.ts'
import { contentOf, texts } from '../../bucket.ts'
import { makeBucket } from '../../buckets.ts'
import { defineCase } from '../../case.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source = 'eucalyptus-behaviour.md section 10.3; S3 User Guide, Canned ACL'
const denied = refusal('AccessDenied', 403)

/** The canned ACLs, and whether nobody in particular and another account may read what has them. */
const readers = {
  private: { anybody: false, account: false },
  'public-read': { anybody: true, account: true },
  'public-read-write': { anybody: true, account: true },
  'authenticated-read': { anybody: false, account: true },
  'bucket-owner-read': { anybody: false, account: false },
  'bucket-owner-full-control': { anybody: false, account: false },
  'aws-exec-read': { anybody: false, account: false },
  'ec2-bundle-read': { anybody: false, account: false },
}

async function expectRead(tools: Tools, path: string, { anybody, account }: { anybody: boolean; account: boolean }) {
  const asAnybody = tools.user.s3({ method: 'GET', path, sign: 'none' })
  if (anybody) assert.equal((await asAnybody).body.toString(), path)
  else await tools.refuses(asAnybody, denied)
  const asAccount = tools.user.s3({ method: 'GET', path })
  if (account) assert.equal((await asAccount).body.toString(), path)
  else await tools.refuses(asAccount, denied)
}

export default [
  defineCase({
    id: 'object-storage/canned-acls',
    title: 'a canned ACL lets just those read that it names, given with the object or later',
    level: 'MUST',
    covers: ['PutObject', 'PutObjectAcl', 'GetObject'],
    needs: ['s3', 'acl', 'two-accounts'],
    source,
    seconds: 2,
    async run(tools) {
      const { s3 } = tools.administrator
      const bucket = await makeBucket(tools)
      for (const [acl, expected] of Object.entries(readers)) {
        const path = `/${bucket}/${acl}`
        const headers = { 'x-amz-acl': acl }
        await s3({ method: 'PUT', path, headers, body: path })
        await expectRead(tools, path, expected)
        await s3({ method: 'PUT', path, query: 'acl', headers: { 'x-amz-acl': 'private' } })
        await expectRead(tools, path, readers.private)
        await s3({ method: 'PUT', path, query: 'acl', headers })
        await expectRead(tools, path, expected)
      }
      const unknown = { method: 'PUT', path: `/${bucket}/x`, headers: { 'x-amz-acl': 'for-friends' }, body: '' }
      await tools.refuses(s3(unknown), refusal('InvalidArgument', 400))
    },
  }),
  defineCase({
    id: 'object-storage/exec-read-is-a-grant',
    title:
      'aws-exec-read and ec2-bundle-read show as READ for the groups of the launching and bundling service; in AWS the launching one may be an account',
    level: 'SHOULD',
    covers: ['GetObjectAcl'],
    needs: ['s3', 'acl'],
    source,
    seconds: 1,
    async run(tools) {
      const { s3 } = tools.administrator
      const bucket = await makeBucket(tools)
      for (const [acl, group] of [
        ['aws-exec-read', 'zateam'],
        ['ec2-bundle-read', 'ec2-bundle'],
      ]) {
        const path = `/${bucket}/${acl}`
        await s3({ method: 'PUT', path, headers: { 'x-amz-acl': acl ?? '' }, body: '' })
        const { content } = readXml((await s3({ method: 'GET', path, query: 'acl' })).body.toString())
        const grants = list(content, 'AccessControlList', 'Grant').map((grant) => [
          text(grant, 'Permission'),
          text(grant, 'Grantee', 'URI')?.replace(/^.*\//, ''),
        ])
        // AWS launches as the account za-team (eucalyptus-behaviour.md section 10.3).
        const reader = tools.target.fidelity === 'aws' && grants.some(([, uri]) => uri) === false ? undefined : group
        assert.deepEqual(grants.sort(), [
          ['FULL_CONTROL', undefined],
          ['READ', reader],
        ])
      }
    },
  }),
  defineCase({
    id: 'object-storage/bucket-acl',
    title: 'who may read a bucket may list it, who may write it may store in it, and neither may more',
    level: 'MUST',
    covers: ['PutBucketAcl', 'ListObjects', 'PutObject', 'DeleteObject', 'DeleteBucket'],
    needs: ['s3', 'acl', 'two-accounts'],
    source,
    seconds: 1,
    async run(tools) {
      const path = `/${await makeBucket(tools)}`
      const [theirs, mine] = [tools.user.s3, tools.administrator.s3]
      const share = (acl: string) => mine({ method: 'PUT', path, query: 'acl', headers: { 'x-amz-acl': acl } })
      const put = () => theirs({ method: 'PUT', path: `${path}/theirs`, body: 'theirs' })
      await mine({ method: 'PUT', path: `${path}/mine`, body: 'mine' })
      await share('public-read')
      const keys = async () => texts(contentOf(await theirs({ method: 'GET', path })), 'Contents', 'Key')
      assert.deepEqual(await keys(), ['mine'])
      await tools.refuses(put(), denied)
      await tools.refuses(theirs({ method: 'DELETE', path: `${path}/mine` }), denied)
      await tools.refuses(theirs({ method: 'GET', path: `${path}/mine` }), denied)
      await share('public-read-write')
      await put()
      assert.equal((await theirs({ method: 'GET', path: `${path}/theirs` })).body.toString(), 'theirs')
      assert.deepEqual(await keys(), ['mine', 'theirs'])
      assert.equal((await theirs({ method: 'DELETE', path: `${path}/theirs` })).status, 204)
      assert.deepEqual(await keys(), ['mine'])
      await share('private')
      await tools.refuses(put(), denied)
      await tools.refuses(theirs({ method: 'GET', path }), denied)
      await tools.refuses(theirs({ method: 'DELETE', path: `${path}/mine` }), denied)
      await tools.refuses(theirs({ method: 'DELETE', path }), denied)
      assert.equal((await mine({ method: 'GET', path: `${path}/mine` })).body.toString(), 'mine')
    },
  }),
]
