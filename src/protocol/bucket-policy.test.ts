import { describe, expect, test } from 'vitest'
import { isPublicPolicy, readBucketPolicy } from './bucket-policy.ts'
import { decide, MalformedPolicy } from './policy.ts'

const bucket = 'arn:aws:s3:::b'
const good = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${bucket}/*` }
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const canonical = 'c'.repeat(64)

describe('whom it is about', () => {
  const account = new Set([
    '*',
    'AWS:000000000001',
    `CanonicalUser:${canonical}`,
    'AWS:arn:aws:iam::000000000001:user/admin',
  ])
  const nobody = new Set(['*'])

  test.each<[principal: unknown, account: boolean, nobody: boolean]>([
    ['*', true, true],
    [{ AWS: '*' }, true, true],
    [{ AWS: '000000000001' }, true, false],
    [{ AWS: ['000000000009', 'arn:aws:iam::000000000001:root'] }, true, false],
    [{ AWS: 'arn:aws:iam::000000000001:user/admin' }, true, false],
    [{ AWS: 'arn:aws:iam::000000000001:user/other' }, false, false],
    [{ AWS: '000000000002' }, false, false],
    [{ CanonicalUser: canonical }, true, false],
    [{ AWS: canonical }, true, false],
    [{ Service: 'ec2.amazonaws.com' }, false, false],
  ])('%j', (Principal, isAccount, isNobody) => {
    const statements = readBucketPolicy(document({ ...good, Principal }), 'b')
    const question = { action: 's3:GetObject', resource: { arn: `${bucket}/k` } }
    expect(decide(statements, { ...question, names: account }) === 'Allow').toBe(isAccount)
    expect(decide(statements, { ...question, names: nobody }) === 'Allow').toBe(isNobody)
  })

  test('all but some, when it denies', () => {
    const { Principal: _, ...rest } = good
    const statement = { ...rest, Effect: 'Deny', NotPrincipal: { AWS: '000000000001' } }
    const statements = readBucketPolicy(document(statement), 'b')
    const question = { action: 's3:GetObject', resource: { arn: `${bucket}/k` } }
    expect(decide(statements, { ...question, names: account })).toBeUndefined()
    expect(decide(statements, { ...question, names: nobody })).toBe('Deny')
  })
})

test.each<[what: string, statement: object, why: string]>([
  ['no principal', { Principal: undefined, NotPrincipal: undefined }, 'Invalid policy syntax'],
  ['two principals', { NotPrincipal: '*' }, 'Missing required field Principal'],
  [
    'Allow for all but some',
    { Principal: undefined, NotPrincipal: { AWS: '000000000001' } },
    'Allow with NotPrincipal',
  ],
  ['an odd principal', { Principal: { AWS: 'arn:aws:iam::s3tenant1:root' } }, 'Invalid principal'],
  ['an unknown kind', { Principal: { Federated: 'x' } }, 'Invalid principal'],
  ['a name of objects', { Principal: { constructor: 'x' } }, 'Invalid principal'],
  ['a text', { Principal: 'alice' }, 'Invalid policy syntax'],
  ['another bucket', { Resource: 'arn:aws:s3:::other/*' }, 'invalid resource'],
  ['another service', { Resource: 'arn:aws:sqs:::b' }, 'is no resource'],
  ['an action of another service', { Action: 'ec2:RunInstances' }, 'invalid action'],
  ['an unknown key', { Condition: { StringEquals: { 'aws:nosuch': 'x' } } }, 'invalid condition key'],
  ['a variable', { Resource: `${bucket}/$\{aws:username}` }, 'variables are not evaluated'],
])('%s is refused', (_what, change, why) => {
  const { Principal, NotPrincipal, ...rest } = { ...good, NotPrincipal: undefined, ...change }
  const statement = {
    ...rest,
    ...(Principal !== undefined && { Principal }),
    ...(NotPrincipal !== undefined && { NotPrincipal }),
  }
  const text = document(why.startsWith('Invalid policy') && !Principal ? { ...statement, Principal: {} } : statement)
  expect(() => readBucketPolicy(text, 'b')).toThrow(MalformedPolicy)
  expect(() => readBucketPolicy(text, 'b')).toThrow(why)
})

test.each(['*', 'arn:aws:s3:::*', 'arn:aws:s3:::*/*', 'arn:aws:s3:::b*', 'arn:aws:s3:::b', 'arn:aws:s3:::?/k'])(
  'the resource %s can be meant for the bucket',
  (Resource) => expect(readBucketPolicy(document({ ...good, Resource }), 'b')).toHaveLength(1),
)

test.each<[change: object, isPublic: boolean]>([
  [{}, true],
  [{ Effect: 'Deny' }, false],
  [{ Principal: { AWS: '000000000001' } }, false],
  [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, false],
  [{ Condition: { StringEquals: { 's3:prefix': 'a' } } }, true],
])('with %j it is public: %s', (change, expected) =>
  expect(isPublicPolicy(readBucketPolicy(document({ ...good, ...change }), 'b'))).toBe(expected),
)
