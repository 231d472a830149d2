import type { RawRequest, RawResponse } from '../../../src/client/send.ts'
import { area, type Declare } from '../../area.ts'
import { type Bucket, bucketNamed, contentOf, expectSame, type More, openBucket, texts } from '../../bucket.ts'
import { type Refusal, refusal } from '../../refusal.ts'
import { type Form, versions } from '../../signatures.ts'
import type { Tools } from '../../tools.ts'
import { signedAnew } from '../../version4.ts'

const authentication = area('authentication', {
  needs: ['s3'],
  source:
    'eucalyptus-behaviour.md sections 1.2, 1.6 and 10.4; S3 API Reference, Authenticating requests and List of error codes',
})

/** The cases of a way to be refused, with the two forms of each version of signatures. */
const inBothVersions = (
  words: string,
  title: string,
  covers: readonly string[],
  run: (tools: Tools, forms: readonly [Form, Form]) => Promise<void>,
  { needs = ['s3'], ...own }: NonNullable<Parameters<Declare>[4]> = {},
) =>
  versions.map(({ forms, suffix, about, needs: more }) =>
    authentication(`${words}${suffix}`, `${title}${about}`, covers, (tools) => run(tools, forms), {
      ...own,
      needs: [...needs, ...more],
    }),
  )
const [denied, mismatch] = [refusal('AccessDenied', 403), refusal('SignatureDoesNotMatch', 403)]

/** One request to each kind of operation: method, key and query, body. */
const requests: readonly (readonly [string, string, string?])[] = [
  ['GET', 'object'],
  ['HEAD', 'object'],
  ['PUT', 'object', 'theirs'],
  ['DELETE', 'object'],
  ['GET', 'object?acl'],
  ['PUT', 'object?acl', '<AccessControlPolicy/>'],
  ['POST', 'object?uploads'],
  ['GET', ''],
  ['GET', '?list-type=2'],
  ['GET', '?location'],
  ['POST', '?delete', '<Delete><Object><Key>object</Key></Object></Delete>'],
  ['PUT', '?policy', '{}'],
  ['DELETE', ''],
]

/** Puts an object, has it asked for in all ways, and sees to it that it is as it was. */
async function besieged(tools: Tools, attempt: (bucket: Bucket) => Promise<void>): Promise<void> {
  const bucket = await openBucket(tools)
  await bucket.put('object', 'content')
  await attempt(bucket)
  expectSame('GET object, at last', await bucket.read('object'), 'content')
}

/** Asserts that each kind of request is refused; the answer to HEAD has no document that could name the code. */
async function refuseAll(tools: Tools, bucket: Bucket, more: More, expected: Refusal): Promise<void> {
  for (const [method, keyAndQuery, body = ''] of requests) {
    const { status } = expected
    const own = method === 'HEAD' ? refusal(`HTTP ${status}`, status) : expected
    const attempt = bucket.ask(method, keyAndQuery, { body, ...more })
    if (keyAndQuery === '?delete' && more.sign === 'none' && (await isDeniedByKey(tools, attempt))) continue
    await tools.refuses(attempt, own)
  }
}

/** AWS may answer a list of keys whoever sends it, and deny each of them (S3 API Reference, DeleteObjects). */
async function isDeniedByKey({ target }: Tools, attempt: Promise<RawResponse>): Promise<boolean> {
  const answer = await attempt.catch(() => undefined)
  if (!answer || target.fidelity !== 'aws') return false
  const came = contentOf(answer)
  return texts(came, 'Error', 'Code').join() === 'AccessDenied' && texts(came, 'Deleted', 'Key').length === 0
}

const mutated = (change: (request: RawRequest) => Partial<RawRequest>): More => ({
  mutate: (request) => ({ ...request, ...change(request) }),
})

/** Puts another value in place of each signature, wherever it stands. */
const forged = mutated(({ headers, rawQuery }) => ({
  headers: headers.map(([name, value]) => {
    const forgedValue = value
      .replace(/Signature=\w{8}/, 'Signature=00000000')
      .replace(/^(AWS [^:]+:)......./, '$1AAAAAAA')
    return [name, name === 'authorization' ? forgedValue : value] as const
  }),
  rawQuery: rawQuery.replace(/Signature=......../, 'Signature=00000000'),
}))

export default [
  authentication(
    's3-nothing',
    'without a signature no operation on what is private is let through',
    ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects', 'ListObjectsV2', 'DeleteBucket', 'DeleteObjects'],
    (tools) => besieged(tools, (bucket) => refuseAll(tools, bucket, { sign: 'none' }, denied)),
    { smoke: true },
  ),
  ...inBothVersions(
    's3-forged',
    'a signature that is not the right one lets no operation through, in headers or in a query',
    ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects', 'ListObjectsV2', 'DeleteBucket', 'DeleteObjects'],
    (tools, forms) =>
      besieged(tools, async (bucket) => {
        for (const sign of forms) await refuseAll(tools, bucket, { sign, ...forged }, mismatch)
      }),
    { smoke: true, seconds: 2 },
  ),
  ...inBothVersions(
    's3-secret-of-another',
    'a key with the secret of another account lets no operation through',
    ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects', 'ListObjectsV2', 'DeleteBucket', 'DeleteObjects'],
    (tools, forms) =>
      besieged(tools, async (bucket) => {
        const { administrator, user } = tools
        const { secretAccessKey } = user.account
        const mixed = bucketNamed(bucket.name, tools.clients({ ...administrator.account, secretAccessKey }))
        for (const sign of forms) await refuseAll(tools, mixed, { sign }, mismatch)
      }),
    { needs: ['s3', 'two-accounts'], seconds: 2 },
  ),
  ...inBothVersions(
    's3-key-of-nobody',
    'a key that nobody has lets no operation through, and is told so',
    ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects', 'ListObjectsV2', 'DeleteBucket', 'DeleteObjects'],
    (tools, forms) =>
      besieged(tools, async (bucket) => {
        const account = { ...tools.administrator.account, accessKeyId: 'AKIANOBODYHASTHISKEY' }
        const nobody = bucketNamed(bucket.name, tools.clients(account))
        for (const sign of forms) await refuseAll(tools, nobody, { sign }, refusal('InvalidAccessKeyId', 403))
      }),
    { seconds: 2 },
  ),
  ...inBothVersions(
    's3-clock-is-wrong',
    'a request that was signed more than fifteen minutes ago, or as long in the future, is refused; a minute does not matter',
    ['GetObject', 'PutObject', 'DeleteObject', 'ListObjects', 'ListObjectsV2', 'DeleteBucket', 'DeleteObjects'],
    (tools, [sign]) =>
      besieged(tools, async (bucket) => {
        const skewed = refusal('RequestTimeTooSkewed', 403)
        for (const minutes of [-20, 20]) {
          await refuseAll(tools, bucket, { sign, time: new Date(Date.now() + minutes * 60_000) }, skewed)
        }
        const time = new Date(Date.now() - 60_000)
        expectSame(`GET by ${sign}, a minute ago`, await bucket.read('object', { sign, time }), 'content')
      }),
    { seconds: 2 },
  ),
  ...inBothVersions(
    's3-two-at-once',
    'a request that is signed both in its headers and in its query is refused',
    ['GetObject', 'PutObject'],
    (tools, [, sign]) =>
      besieged(tools, async (bucket) => {
        const { accessKeyId } = tools.administrator.account
        const several = refusal('InvalidArgument', 400)
        const authorization = ['authorization', `AWS ${accessKeyId}:${Buffer.alloc(20).toString('base64')}`] as const
        const both = mutated(({ headers }) => ({ headers: [...headers, authorization] }))
        await tools.refuses(bucket.ask('GET', 'object', { sign, ...both }), several)
        await tools.refuses(bucket.ask('PUT', 'object', { sign, body: 'theirs', ...both }), several)
        expectSame('GET by one of them', await bucket.read('object', { sign }), 'content')
      }),
    { source: 'S3 API Reference, Authenticating requests; eucalyptus-behaviour.md section 1.2' },
  ),
  ...inBothVersions(
    's3-changed-on-the-way',
    'a request whose method, key, query or headers are changed after it was signed is refused',
    ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectAcl'],
    (tools, [inHeaders, inQuery]) =>
      besieged(tools, async (bucket) => {
        await bucket.put('other', 'of another')
        const changes: Record<string, More> = {
          method: mutated(() => ({ method: 'DELETE' })),
          key: mutated(({ rawPath }) => ({ rawPath: rawPath.replace(/object$/, 'other') })),
          query: mutated(({ rawQuery }) => ({ rawQuery: rawQuery === '' ? 'acl' : `acl&${rawQuery}` })),
        }
        for (const sign of [inHeaders, inQuery]) {
          for (const change of Object.values(changes)) {
            await tools.refuses(bucket.ask('GET', 'object', { sign, ...change }), mismatch)
          }
        }
        const headers = { 'x-amz-meta-colour': 'blue', 'content-type': 'text/plain' }
        for (const name of Object.keys(headers)) {
          const change = mutated((request) => ({
            headers: request.headers.map(([one, value]) => [one, one === name ? 'other' : value] as const),
          }))
          const changed = bucket.ask('PUT', 'object', { sign: inHeaders, headers, body: 'x', ...change })
          await tools.refuses(changed, mismatch)
        }
      }),
    { seconds: 2, smoke: true },
  ),
  ...inBothVersions(
    's3-headers-that-were-not-signed',
    'an x-amz- header that is added after signing is refused: it could open what is private',
    ['PutObject', 'GetObject'],
    (tools, forms) =>
      besieged(tools, async (bucket) => {
        for (const sign of forms) {
          const added = mutated(({ headers }) => ({ headers: [...headers, ['x-amz-acl', 'public-read'] as const] }))
          const expected = sign.startsWith('v4') ? denied : mismatch
          await tools.refuses(bucket.ask('PUT', 'object', { sign, body: 'content', ...added }), expected)
        }
        await tools.refuses(bucket.anonymous.read('object'), denied)
      }),
  ),
  authentication(
    's3-host-that-was-not-signed',
    'a signature of version 4 that leaves the host out is refused, and one over all that must be there is taken',
    ['GetObject', 'PutObject'],
    (tools) =>
      besieged(tools, async (bucket) => {
        const { account } = tools.administrator
        const date = new Date().toISOString().slice(0, 10).replaceAll('-', '')
        const scope = { date, region: tools.target.region, service: 's3' }
        const anew = (without: string[]): More => ({
          mutate: (request) => signedAnew(request, account, { without, scope }),
        })
        expectSame('GET, with all headers', await bucket.read('object', anew([])), 'content')
        for (const left of ['host', 'x-amz-date', 'x-amz-content-sha256']) {
          const answer = await bucket.ask('GET', 'object', anew([left])).then(
            ({ status }) => status,
            (error: { status?: number }) => error.status,
          )
          expectSame(`GET, signed without ${left}, is refused`, answer === 403 || answer === 400, true)
        }
      }),
  ),
  authentication(
    's3-headers-that-say-nothing',
    'an Authorization that is no signature, or half of one, is refused and not taken for none',
    ['GetObject'],
    (tools) =>
      besieged(tools, async (bucket) => {
        await bucket.ask('PUT', 'object?acl', { headers: { 'x-amz-acl': 'public-read' } })
        const { accessKeyId } = tools.administrator.account
        const values = [
          'Basic dXNlcjpzZWNyZXQ=',
          'Bearer token',
          `AWS ${accessKeyId}`,
          `AWS ${accessKeyId}:`,
          'AWS4-HMAC-SHA256',
          `AWS4-HMAC-SHA256 Credential=${accessKeyId}, SignedHeaders=host, Signature=00`,
          `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/x/s3/aws4_request, SignedHeaders=host`,
        ]
        for (const authorization of values) {
          const status = await bucket.ask('GET', 'object', { sign: 'none', headers: { authorization } }).then(
            (answer) => answer.status,
            (error: { status?: number }) => error.status,
          )
          expectSame(`"${authorization}" is refused`, status === 400 || status === 403, true)
        }
      }),
    { needs: ['s3', 'acl'] },
  ),
]
