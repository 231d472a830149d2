import type { ConditionContext } from '../../src/protocol/policy-conditions.ts'
import { parseCopySource } from '../../src/protocol/rest.ts'
import type { BucketRecord, ObjectRecord } from '../objects/records.ts'
import type { S3Call, S3World } from './operation.ts'

/** Who sends a request, and all that policies can be told of it. */
export type Sent = Pick<S3Call, 'bucket' | 'query' | 'headers' | 'requester' | 'arn' | 'peer'>

/** Query parameters that have a key of the same name. */
const parameters = ['prefix', 'delimiter', 'max-keys', 'versionId']

/** All names of who asks, as the principals of policies are read (src/protocol/bucket-policy.ts). */
export function namesOf({ requester, arn }: Pick<Sent, 'requester' | 'arn'>): Set<string> {
  if (requester.kind !== 'account') return new Set(['*'])
  const { accountId, canonicalId } = requester
  const [, role] = /^arn:aws:sts::\d+:assumed-role\/(.+)\/[^/]+$/.exec(arn ?? '') ?? []
  return new Set([
    ...['*', `AWS:${accountId}`, `CanonicalUser:${canonicalId}`, `AWS:${arn ?? ''}`],
    ...(role === undefined ? [] : [`AWS:arn:aws:iam::${accountId}:role/${role}`]),
  ])
}

/** `ExistingObjectTag/name` and the like. */
const tagKeys = (word: string, tags: Iterable<readonly [string, string]>): [string, string[]][] =>
  [...tags].map(([name, value]) => [`s3:${word}/${name.toLowerCase()}`, [value]])

function ofHeaders(headers: S3Call['headers']): [string, string[]][] {
  const sent = Object.entries(headers).flatMap(([name, value]): [string, string[]][] =>
    name.startsWith('x-amz-') && value !== undefined ? [[`s3:${name}`, [value]]] : [],
  )
  const source = headers['x-amz-copy-source']
  // As bucket/key, however it was written.
  if (source !== undefined) {
    const { bucket, key } = parseCopySource(source)
    sent.push(['s3:x-amz-copy-source', [`${bucket}/${key}`]])
  }
  const tags = [...new URLSearchParams(headers['x-amz-tagging'] ?? '')]
  if (tags.length) sent.push(['s3:requestobjecttagkeys', tags.map(([name]) => name)])
  return [...sent, ...tagKeys('requestobjecttag', tags)]
}

function ofSender({ requester, arn, headers, peer }: Sent): [string, string[] | undefined][] {
  const { accountId } = requester.kind === 'account' ? requester : {}
  const role = arn?.includes(':assumed-role/') ? 'AssumedRole' : 'User'
  const one = (value: string | undefined) => (value === undefined ? undefined : [value])
  return [
    ['aws:principalaccount', one(accountId)],
    ['aws:principalarn', one(arn)],
    ['aws:principaltype', [accountId === undefined ? 'Anonymous' : role]],
    ['aws:referer', one(headers['referer'])],
    ['aws:useragent', one(headers['user-agent'])],
    ['aws:securetransport', [String(peer.isSecure)]],
    // An IPv4 client of a socket for both is ::ffff:… there.
    ['aws:sourceip', one(peer.address?.replace(/^::ffff:(?=\d+\.)/, ''))],
  ]
}

/**
 * What the conditions of a bucket's policy are held against (service authorization reference of S3, condition keys; IAM
 * user guide, global condition context keys). `object` is the one that is asked for, if there is one.
 */
export function contextOf(
  { clock }: S3World,
  bucket: BucketRecord,
  sent: Sent,
  object?: ObjectRecord,
): ConditionContext {
  const now = clock.now()
  const queried = parameters.map((name): [string, string[] | undefined] => {
    const value = sent.query.get(name)
    return [`s3:${name.toLowerCase()}`, value === undefined ? undefined : [value]]
  })
  const all: [string, string[] | undefined][] = [
    ...queried,
    ...ofHeaders(sent.headers),
    ...ofSender(sent),
    ...tagKeys(
      'existingobjecttag',
      (object?.tags ?? []).map(({ key, value }) => [key, value] as const),
    ),
    ['s3:resourceaccount', [bucket.acl.owner.accountId]],
    ['aws:currenttime', [now.toISOString()]],
    ['aws:epochtime', [String(Math.floor(now.getTime() / 1000))]],
  ]
  return new Map(all.flatMap(([key, values]): [string, string[]][] => (values ? [[key, values]] : [])))
}
