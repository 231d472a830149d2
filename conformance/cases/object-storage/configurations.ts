import { readXml, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { bucketNamed, expectSame, openBucket, texts } from '../../bucket.ts'
import { creationOf, refusesBucket } from '../../buckets.ts'
import { refusal } from '../../refusal.ts'

const storage = area('object-storage', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6, 10.1 and 12 (operations that are gaps)',
})

/** What a bucket can be asked for that Eucalyptus does not keep: the fault of a bucket that has none. */
const absent = {
  website: 'NoSuchWebsiteConfiguration',
  replication: 'ReplicationConfigurationNotFoundError',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
}

/** What is answered with an empty document: the query, and its root. */
const empty = {
  accelerate: 'AccelerateConfiguration',
  logging: 'BucketLoggingStatus',
  notification: 'NotificationConfiguration',
}

/** What Eucalyptus says it has not, when it is to be set. */
const unset = [
  ...['accelerate', 'analytics', 'encryption', 'inventory', 'logging', 'metrics', 'notification', 'object-lock'],
  ...['replication', 'requestPayment', 'website'],
]

/** Sub-resources of objects that nothing of Eucalyptus answers. */
const unmapped: readonly (readonly [string, string])[] = [
  ['GET', 'tagging'],
  ['PUT', 'tagging'],
  ['DELETE', 'tagging'],
  ['POST', 'select&select-type=2'],
  ['POST', 'restore'],
  ['GET', 'retention'],
  ['PUT', 'retention'],
  ['GET', 'legal-hold'],
  ['PUT', 'legal-hold'],
]

export default [
  storage(
    'configurations-that-nobody-has-set',
    'a bucket on which nothing was set answers with the fault of each configuration, or with an empty one',
    ['GetBucketWebsite', 'GetBucketReplication', 'GetObjectLockConfiguration', 'GetBucketLogging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const [query, code] of Object.entries(absent)) {
        await tools.refuses(bucket.ask('GET', `?${query}`), refusal(code, 404))
      }
      for (const [query, root] of Object.entries(empty)) {
        const document = await bucket.read(`?${query}`)
        expectSame(`GET ?${query}`, new RegExp(`<${root}[ />]`).test(document), true)
      }
      const payer = text(await bucket.document('?requestPayment'), 'Payer')
      expectSame('GET ?requestPayment', payer, 'BucketOwner')
    },
    { source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, the Get operations of each' },
  ),
  storage(
    'configurations-that-cannot-be-set',
    'Eucalyptus refuses to set what it does not keep with NotImplemented, and never pretends to',
    ['PutBucketWebsite', 'PutBucketReplication', 'PutBucketEncryption', 'PutBucketLogging'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const [denied, missing] = [refusal('AccessDenied', 403), refusal('NotImplemented', 501)]
      for (const query of unset) {
        const foreign = bucket.as(tools.user).ask('PUT', `?${query}`, { body: '<Some/>' })
        // What there is not may be told before who may have it.
        await tools.refuses(foreign, denied).catch((error: unknown) => {
          if (tools.target.fidelity === 'aws') throw error
          return tools.refuses(foreign, missing)
        })
        if (tools.target.fidelity === 'aws') continue
        await tools.refuses(bucket.ask('PUT', `?${query}`, { body: '<Some/>' }), missing)
      }
    },
    { needs: ['s3', 'two-accounts'] },
  ),
  storage(
    'sub-resources-that-nothing-answers',
    'what Eucalyptus maps to no operation of an object is refused with MethodNotAllowed, and the object stays as it is',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      if (tools.target.fidelity === 'eucalyptus') {
        for (const [method, query] of unmapped) {
          const attempt = bucket.ask(method, `object?${query}`, { body: method === 'GET' ? '' : '<Some/>' })
          await tools.refuses(attempt, refusal('MethodNotAllowed', 405))
        }
      }
      await tools.refuses(bucket.ask('POST', 'object'), refusal('MethodNotAllowed', 405))
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  storage(
    'documents-that-cannot-be-read',
    'a document that is no XML, or another one, is refused with MalformedXML by all that read one',
    ['CreateBucket', 'PutBucketTagging', 'PutBucketCors', 'PutBucketLifecycleConfiguration', 'DeleteObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const malformed = refusal('MalformedXML', 400)
      const doctype = '<!DOCTYPE a [<!ENTITY b "c">]><Tagging><TagSet/></Tagging>'
      for (const body of ['no XML', '<Unknown/>', '<Tagging>', doctype]) {
        for (const query of ['tagging', 'cors', 'lifecycle']) {
          await tools.refuses(bucket.ask('PUT', `?${query}`, { body }), malformed)
        }
        await tools.refuses(bucket.ask('POST', '?delete', { body }), malformed)
      }
      const name = tools.name('bucket')
      await refusesBucket(tools, name, malformed, '<CreateBucketConfiguration>')
      await tools.refuses(tools.administrator.s3({ method: 'HEAD', path: `/${name}` }), refusal('HTTP 404', 404))
    },
    { needs: ['s3', 'cors', 'lifecycle'], source: 'S3 API Reference, List of error codes (MalformedXML)' },
  ),
  storage(
    'location',
    'a bucket tells where it was made: the region that was asked for, and nothing where none was; AWS refuses what is no region',
    ['GetBucketLocation', 'CreateBucket'],
    async (tools) => {
      const { region } = tools.target
      const bucket = await openBucket(tools)
      const { root, content } = readXml(await bucket.read('?location'))
      // A client asks for no place in the first region of AWS.
      const asked = region === 'us-east-1' ? '' : region
      expectSame('the place', [root, content], ['LocationConstraint', asked])
      if (tools.target.fidelity === 'eucalyptus') return
      const nowhere = `<CreateBucketConfiguration><LocationConstraint>nowhere-1</LocationConstraint></CreateBucketConfiguration>`
      await refusesBucket(tools, tools.name('placed'), refusal('InvalidLocationConstraint', 400), nowhere)
    },
    { source: 'eucalyptus-behaviour.md section 10.2; S3 API Reference, GetBucketLocation and CreateBucket' },
  ),
  storage(
    'location-is-any-text',
    'Eucalyptus makes a bucket for any place that is asked for, and tells it',
    ['GetBucketLocation', 'CreateBucket'],
    async (tools) => {
      const { administrator, target } = tools
      const bucket = bucketNamed(tools.name('placed'), administrator)
      tools.later(`bucket ${bucket.name}`, () => bucket.ask('DELETE'))
      const place = tools.of({ eucalyptus: 'some-place', aws: target.region })
      const inner = `<LocationConstraint>${place}</LocationConstraint>`
      const body = `<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`
      await bucket.ask('PUT', '', { body: target.fidelity === 'aws' ? creationOf(target) : body })
      expectSame('the place', await bucket.document('?location'), place === 'us-east-1' ? '' : place)
    },
    // The reference says so with a mark: nobody has seen it.
    { level: 'SHOULD', source: 'eucalyptus-behaviour.md section 10.2 (location is not validated)' },
  ),
  storage(
    'head-of-a-bucket',
    'HEAD tells without a document whether a bucket is there and may be used: 200, 403 or 404',
    ['HeadBucket'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { status, body } = await bucket.ask('HEAD')
      expectSame('HEAD, by its owner', [status, body.length], [200, 0])
      await tools.refuses(bucket.as(tools.user).ask('HEAD'), refusal('HTTP 403', 403))
      await tools.refuses(bucket.anonymous.ask('HEAD'), refusal('HTTP 403', 403))
      const path = `/${tools.name('absent')}`
      await tools.refuses(tools.administrator.s3({ method: 'HEAD', path }), refusal('HTTP 404', 404))
    },
    {
      needs: ['s3', 'two-accounts'],
      smoke: true,
      source: 'S3 API Reference, HeadBucket; eucalyptus-behaviour.md section 1.6',
    },
  ),
  storage(
    'bucket-of-another-account',
    'another account can neither remove a bucket, nor list it, nor store in it',
    ['DeleteBucket', 'ListObjectsV2', 'PutObject', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const denied = refusal('AccessDenied', 403)
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(others.ask('DELETE'), denied)
        for (const query of ['', '?list-type=2', '?versions', '?uploads', '?location']) {
          await tools.refuses(others.ask('GET', query), denied)
        }
        await tools.refuses(others.put('object', 'theirs'), denied)
      }
      expectSame('the listing', texts(await bucket.document('?list-type=2'), 'Contents', 'Key'), [])
    },
    {
      needs: ['s3', 'two-accounts'],
      source: 'eucalyptus-behaviour.md section 1.6 (ACL/policy); S3 User Guide, Access control',
    },
  ),
  storage(
    'names-of-dns',
    'AWS takes bucket names of DNS alone: neither too short or long, nor addresses, nor two dots side by side',
    ['CreateBucket'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const name = tools.name('b')
      const names = [
        `${name}..x`,
        `${name}.`,
        `-${name}`,
        '192.0.2.1',
        name.padEnd(64, 'x'),
        `${name}_x`,
        name.toUpperCase(),
      ]
      const invalid = refusal('InvalidBucketName', 400)
      for (const one of tools.of({ eucalyptus: [], aws: names })) {
        await refusesBucket(tools, one, invalid)
      }
      for (const one of [`${name}*`, `${name}!x`, 'b', name.padEnd(256, 'n')]) await refusesBucket(tools, one, invalid)
      expectSame('HEAD of a good one', (await bucket.ask('HEAD')).status, 200)
    },
    { source: 'S3 User Guide, General purpose bucket naming rules; eucalyptus-behaviour.md sections 10.2 and 15' },
  ),
  storage(
    'expected-owner',
    'AWS refuses a request that expects another account to own the bucket; Eucalyptus does not know of that',
    ['GetObject', 'PutObject', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const expecting = (account: string) => ({ headers: { 'x-amz-expected-bucket-owner': account } })
      const own = expecting(tools.administrator.account.accountId)
      expectSame('GET, expecting the owner', await bucket.read('object', own), 'content')
      if (tools.target.fidelity === 'eucalyptus') return
      const other = expecting('999999999999')
      const denied = refusal('AccessDenied', 403)
      await tools.refuses(bucket.ask('GET', 'object', other), denied)
      await tools.refuses(bucket.ask('GET', '?list-type=2', other), denied)
      await tools.refuses(bucket.ask('PUT', 'object', { ...other, body: 'x' }), denied)
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { source: 'S3 User Guide, Verifying bucket ownership with bucket owner condition' },
  ),
]
