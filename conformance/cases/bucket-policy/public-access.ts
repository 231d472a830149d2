import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { expectSame, openBucket, settled } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const policies = area('bucket-policy', {
  needs: ['s3', 'bucket-policy', 'acl'],
  source: 'S3 User Guide, Blocking public access; eucalyptus-behaviour.md sections 1.6 (unmapped operations) and 10.1',
})

const denied = refusal('AccessDenied', 403)
const unmapped = refusal('MethodNotAllowed', 405)

const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const
type Block = (typeof names)[number]

/** The document that blocks what it names, and nothing else. */
export const blocking = (...blocked: readonly Block[]) =>
  `<PublicAccessBlockConfiguration>${names
    .map((name) => `<${name}>${blocked.includes(name)}</${name}>`)
    .join('')}</PublicAccessBlockConfiguration>`

const open = (bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
  })

export default [
  policies(
    'public-access-block',
    'a public access block comes back and is deleted; Eucalyptus, which has none, says MethodNotAllowed',
    ['PutPublicAccessBlock', 'GetPublicAccessBlock', 'DeletePublicAccessBlock'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const body = blocking('IgnorePublicAcls', 'RestrictPublicBuckets')
      if (tools.target.fidelity === 'eucalyptus') {
        await tools.refuses(bucket.ask('PUT', '?publicAccessBlock', { body }), unmapped)
        for (const method of ['GET', 'DELETE']) {
          await tools.refuses(bucket.ask(method, '?publicAccessBlock'), unmapped)
        }
        return
      }
      await bucket.ask('PUT', '?publicAccessBlock', { body })
      await settled(tools, async () => {
        const document = await bucket.document('?publicAccessBlock')
        const came = names.map((name) => text(document, name))
        expectSame('the block', came, ['false', 'true', 'false', 'true'])
      })
      expectSame('DELETE', (await bucket.ask('DELETE', '?publicAccessBlock')).status, 204)
      const absent = refusal('NoSuchPublicAccessBlockConfiguration', 404)
      await settled(tools, () => tools.refuses(bucket.ask('GET', '?publicAccessBlock'), absent))
    },
  ),
  policies(
    'public-access-block-holds',
    'what a public access block blocks is refused or does not count, until the block is taken back',
    ['PutPublicAccessBlock', 'PutBucketPolicy', 'PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const block = (...blocked: Block[]) => bucket.ask('PUT', '?publicAccessBlock', { body: blocking(...blocked) })
      await bucket.put('object', 'content', { 'x-amz-acl': 'public-read' })
      expectSame('GET object, by nobody', await bucket.anonymous.read('object'), 'content')
      if (tools.target.fidelity === 'eucalyptus') return void (await tools.refuses(block('IgnorePublicAcls'), unmapped))
      const readByNobody = (key: string) =>
        settled(tools, async () => {
          expectSame(`GET ${key}, by nobody`, await bucket.anonymous.read(key), 'content')
        })
      const deniedToNobody = (key: string) => settled(tools, () => tools.refuses(bucket.anonymous.read(key), denied))
      await block('IgnorePublicAcls')
      await deniedToNobody('object')
      await block('BlockPublicAcls')
      await readByNobody('object')
      const shared = () => bucket.put('other', 'content', { 'x-amz-acl': 'public-read' })
      await settled(tools, () => tools.refuses(shared(), denied))
      await bucket.put('other', 'content')
      await block('BlockPublicPolicy')
      const policy = () => bucket.ask('PUT', '?policy', { body: open(bucket.name) })
      await settled(tools, () => tools.refuses(policy(), denied))
      await block()
      await settled(tools, policy)
      await readByNobody('other')
      await block('RestrictPublicBuckets')
      await deniedToNobody('other')
    },
  ),
  policies(
    'status',
    'whether a policy makes its bucket public can be asked; Eucalyptus says MethodNotAllowed',
    ['GetBucketPolicyStatus', 'PutBucketPolicy'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const status = () => bucket.document('?policyStatus')
      if (tools.target.fidelity === 'eucalyptus') return void (await tools.refuses(status(), unmapped))
      await tools.refuses(status(), refusal('NoSuchBucketPolicy', 404))
      await bucket.ask('PUT', '?policy', { body: open(bucket.name) })
      const isPublic = (asked: string, expected: string) =>
        settled(tools, async () => expectSame(asked, text(await status(), 'IsPublic')?.toLowerCase(), expected))
      await isPublic('of a policy for everybody', 'true')
      const own = `"AWS": "arn:aws:iam::${tools.administrator.account.accountId}:root"`
      const body = open(bucket.name).replace('"Principal":"*"', `"Principal":{${own}}`)
      await bucket.ask('PUT', '?policy', { body })
      await isPublic('of a policy for one account', 'false')
    },
  ),
]
