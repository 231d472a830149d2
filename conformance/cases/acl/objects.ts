import { text } from '../../../src/client/xml.ts'
import { expectSame, openBucket } from '../../bucket.ts'
import { aclDocument, canonicalId, everybody, grantElement, grantsOf } from '../../grants.ts'
import { refusal } from '../../refusal.ts'
import { acl } from './buckets.ts'

const denied = refusal('AccessDenied', 403)

export default [
  acl(
    'private-unless-told',
    'what is made without an ACL grants everything to its owner, and nothing to anybody else',
    ['GetObjectAcl', 'GetBucketAcl', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const id = await canonicalId(tools.administrator)
      for (const asked of ['?acl', 'object?acl']) {
        expectSame(asked, await grantsOf(bucket, asked), [`${id} FULL_CONTROL`])
        expectSame(`${asked}: the owner`, text(await bucket.document(asked), 'Owner', 'ID'), id)
      }
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(others.read('object'), denied)
        await tools.refuses(others.ask('HEAD', 'object'), refusal('HTTP 403', 403))
        await tools.refuses(others.ask('GET', 'object?acl'), denied)
        await tools.refuses(others.ask('GET', '?acl'), denied)
      }
    },
    { smoke: true },
  ),
  acl(
    'public-read-opens',
    'public-read lets everybody read the object, and neither change it nor see its ACL',
    ['PutObject', 'GetObject', 'PutObjectAcl', 'GetObjectAcl'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content', { 'x-amz-acl': 'public-read' })
      await bucket.put('other', 'content')
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        expectSame('GET object', await others.read('object'), 'content')
        await tools.refuses(others.put('object', 'theirs'), denied)
        await tools.refuses(others.ask('DELETE', 'object'), denied)
        await tools.refuses(others.ask('GET', 'object?acl'), denied)
        await tools.refuses(others.ask('PUT', 'object?acl', { headers: { 'x-amz-acl': 'public-read-write' } }), denied)
        await tools.refuses(others.read('other'), denied)
      }
      const id = await canonicalId(tools.administrator)
      const grants = [`${everybody} READ`, `${id} FULL_CONTROL`].sort()
      expectSame('object?acl', await grantsOf(bucket, 'object?acl'), grants)
    },
    { smoke: true },
  ),
  acl(
    'a-new-object-is-private-again',
    'an object that replaces a public one is private unless it says otherwise',
    ['PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'first', { 'x-amz-acl': 'public-read' })
      expectSame('GET object', await bucket.anonymous.read('object'), 'first')
      await bucket.put('object', 'second')
      await tools.refuses(bucket.anonymous.read('object'), denied)
    },
  ),
  acl(
    'grants-in-headers',
    'grants in headers let just the account that they name do just what they say',
    ['PutObject', 'GetObject', 'GetObjectAcl', 'PutObjectAcl'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const theirs = bucket.as(tools.user)
      const [owner, id] = [await canonicalId(tools.administrator), await canonicalId(tools.user)]
      await bucket.put('read', 'content', { 'x-amz-grant-read': `id="${id}"` })
      expectSame('GET read', await theirs.read('read'), 'content')
      await tools.refuses(theirs.ask('GET', 'read?acl'), denied)
      await tools.refuses(bucket.anonymous.read('read'), denied)
      await bucket.put('acp', 'content', {
        'x-amz-grant-read-acp': `id="${id}"`,
        'x-amz-grant-full-control': `id="${owner}"`,
      })
      expectSame('acp?acl', await grantsOf(theirs, 'acp?acl'), [`${id} READ_ACP`, `${owner} FULL_CONTROL`].sort())
      await tools.refuses(theirs.read('acp'), denied)
      const open = { headers: { 'x-amz-acl': 'public-read' } }
      await tools.refuses(theirs.ask('PUT', 'acp?acl', open), denied)
      await bucket.put('write-acp', 'content', { 'x-amz-grant-write-acp': `id="${id}"` })
      await theirs.ask('PUT', 'write-acp?acl', open)
      expectSame('GET write-acp, by nobody', await bucket.anonymous.read('write-acp'), 'content')
    },
    { source: 'S3 User Guide, Access control list (ACL) overview; S3 API Reference, PutObject and PutObjectAcl' },
  ),
  acl(
    'by-a-document',
    'an ACL that is put as a document comes back as it was put, holds, and can be taken back',
    ['PutObjectAcl', 'GetObjectAcl', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const [owner, id] = [await canonicalId(tools.administrator), await canonicalId(tools.user)]
      const put = (...grants: [string, string][]) => {
        const body = aclDocument(owner, ...grants.map(([to, permission]) => grantElement(to, permission)))
        return bucket.ask('PUT', 'object?acl', { body })
      }
      await put([owner, 'FULL_CONTROL'], [id, 'READ'], [id, 'READ_ACP'])
      const grants = [`${id} READ`, `${id} READ_ACP`, `${owner} FULL_CONTROL`].sort()
      expectSame('object?acl', await grantsOf(bucket.as(tools.user), 'object?acl'), grants)
      expectSame('GET object', await bucket.as(tools.user).read('object'), 'content')
      await tools.refuses(bucket.anonymous.read('object'), denied)
      await put([owner, 'FULL_CONTROL'], [everybody, 'READ'])
      expectSame('GET object, by nobody', await bucket.anonymous.read('object'), 'content')
      await put([owner, 'FULL_CONTROL'])
      await tools.refuses(bucket.as(tools.user).read('object'), denied)
    },
  ),
  acl(
    'that-cannot-be',
    'an ACL that is no XML, names an unknown permission or grantee, or is told twice is refused and changes nothing',
    ['PutObjectAcl', 'GetObjectAcl'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const owner = await canonicalId(tools.administrator)
      const put = (body: string, headers = {}) => bucket.ask('PUT', 'object?acl', { body, headers })
      const malformed = refusal('MalformedACLError', 400)
      await tools.refuses(put('<AccessControlPolicy'), malformed)
      await tools.refuses(put(aclDocument(owner, grantElement(owner, 'EVERYTHING'))), malformed)
      const invalid = refusal('InvalidArgument', 400)
      await tools.refuses(put(aclDocument(owner, grantElement('0'.repeat(64), 'READ'))), invalid)
      await tools.refuses(put(aclDocument(owner, grantElement('http://example.com/group', 'READ'))), invalid)
      await tools.refuses(put('', { 'x-amz-acl': 'for-friends' }), invalid)
      const twice = { 'x-amz-acl': 'public-read', 'x-amz-grant-read': `id="${owner}"` }
      await tools.refuses(put('', twice), refusal('InvalidRequest', 400))
      expectSame('object?acl', await grantsOf(bucket, 'object?acl'), [`${owner} FULL_CONTROL`])
    },
    { source: 'S3 API Reference, PutObjectAcl and List of error codes' },
  ),
]
