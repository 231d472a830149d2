import { describe, expect, test } from 'vitest'
import { allows, MalformedPolicy, readPolicy, readTrust, trusts } from './policy.ts'

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Action: string | string[], Resource: string | string[] = '*') => ({ Effect: 'Allow', Action, Resource })
const deny = (Action: string | string[], Resource: string | string[] = '*') => ({ Effect: 'Deny', Action, Resource })
const one = (arn: string) => ({ arn })
const all = (arn: string) => ({ arn, isWhole: true })

describe('what a role may do', () => {
  test.each<[what: string, statements: object[], action: string, resource: { arn: string } | undefined, boolean]>([
    ['nothing without a word', [deny('ec2:Run*')], 's3:GetObject', undefined, false],
    ['what is named', [allow('ec2:RunInstances')], 'ec2:RunInstances', undefined, true],
    ['what is named in another case', [allow('EC2:runinstances')], 'ec2:RunInstances', undefined, true],
    ['nothing else', [allow('ec2:RunInstances')], 'ec2:StopInstances', undefined, false],
    ['nothing longer', [allow('ec2:Run')], 'ec2:RunInstances', undefined, false],
    ['one of several', [allow(['s3:*', 'ec2:Describe*'])], 'ec2:DescribeImages', undefined, true],
    ['a pattern', [allow('ec2:?un*st?nces')], 'ec2:RunInstances', undefined, true],
    ['a pattern that ends too early', [allow('ec2:*Instance')], 'ec2:RunInstances', undefined, false],
    ['everything', [allow('*')], 'iam:GetUser', undefined, true],
    ['all but', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }], 'ec2:RunInstances', undefined, true],
    ['not that', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }], 'iam:GetUser', undefined, false],
    ['what is denied, whatever the order', [deny('s3:*'), allow('*')], 's3:GetObject', one('arn:aws:s3:::b/k'), false],
    ['an object below a path', [allow('s3:*', 'arn:aws:s3:::b/p/*')], 's3:GetObject', one('arn:aws:s3:::b/p/k'), true],
    ['another object', [allow('s3:*', 'arn:aws:s3:::b/p/*')], 's3:GetObject', one('arn:aws:s3:::b/k'), false],
    ['an object in another case', [allow('s3:*', 'arn:aws:s3:::b/K')], 's3:GetObject', one('arn:aws:s3:::b/k'), false],
    [
      'not the exception',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::b' }],
      's3:ListBucket',
      one('arn:aws:s3:::b'),
      false,
    ],
    // Where it is not known which one is meant, only a permission for all will do, and any denial.
    ['one of all', [allow('ec2:*', 'arn:aws:ec2:::instance/i-1')], 'ec2:StopInstances', undefined, false],
    ['all but one', [allow('ec2:*'), deny('ec2:*', 'arn:aws:ec2:::instance/i-1')], 'ec2:Stop', undefined, false],
    [
      'all but an exception',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:ec2:::instance/i-1' }],
      'ec2:Stop',
      undefined,
      false,
    ],
    ['a whole bucket', [allow('s3:*', 'arn:aws:s3:::b/*')], 's3:DeleteObject', all('arn:aws:s3:::b/*'), true],
    [
      'a whole bucket but for a key',
      [allow('s3:*', 'arn:aws:s3:::b/*'), deny('s3:*', 'arn:aws:s3:::b/k')],
      's3:DeleteObject',
      all('arn:aws:s3:::b/*'),
      false,
    ],
    ['a part of a bucket', [allow('s3:*', 'arn:aws:s3:::b/p*')], 's3:DeleteObject', all('arn:aws:s3:::b/*'), false],
  ])('%s', (_what, statements, action, resource, expected) =>
    expect(allows(readPolicy(document(...statements)), action, resource)).toBe(expected),
  )

  test('is found in one pass, however many stars a pattern has', () => {
    const statements = readPolicy(document(allow('*', `arn:${'a*'.repeat(5000)}b`)))
    expect(allows(statements, 's3:GetObject', one(`arn:${'a'.repeat(5000)}`))).toBe(false)
  })
})

describe('who may take a role on', () => {
  const trust = (Principal: unknown, rest: object = {}) =>
    readTrust(document({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...rest }))
  const own = { kind: 'AWS', names: ['000000000001', 'arn:aws:iam::000000000001:root'] } as const
  const ec2 = { kind: 'Service', names: ['ec2.amazonaws.com'] } as const

  test.each<[string, ReturnType<typeof trust>, typeof own | typeof ec2, boolean]>([
    ['a service', trust({ Service: 'ec2.amazonaws.com' }), ec2, true],
    ['a service among others', trust({ Service: ['a', 'ec2.amazonaws.com'] }), ec2, true],
    ['no other service', trust({ Service: 'lambda.amazonaws.com' }), ec2, false],
    ['an account', trust({ AWS: '000000000001' }), own, true],
    ['an account by its ARN', trust({ AWS: 'arn:aws:iam::000000000001:root' }), own, true],
    ['an account is no service', trust({ AWS: 'ec2.amazonaws.com' }), ec2, false],
    ['everybody', trust('*'), ec2, true],
    ['every account', trust({ AWS: '*' }), own, true],
    ['for another action', trust('*', { Action: 'sts:TagSession' }), own, false],
    ['denied', trust('*', { Effect: 'Deny' }), own, false],
  ])('%s', (_what, statements, principal, expected) =>
    expect(trusts(statements, 'sts:AssumeRole', principal)).toBe(expected),
  )
})

describe('is refused', () => {
  test.each<[what: string, text: string, why: string]>([
    ['no JSON', '{', 'is not JSON'],
    ['a list', '[]', 'must be an object'],
    ['no statement', '{}', 'must hold statements'],
    ['an empty list', document(), 'must hold statements'],
    ['an unknown element', '{"Statements":[]}', 'Statements is no element'],
    ['another version', '{"Version":"2020-01-01","Statement":[]}', '2020-01-01 is no version'],
    ['no effect', document({ Action: '*', Resource: '*' }), 'Allow or Deny'],
    ['no action', document({ Effect: 'Allow', Resource: '*' }), 'either Action or NotAction'],
    ['two actions', document({ ...allow('*'), NotAction: '*' }), 'either Action or NotAction'],
    ['no resource', document({ Effect: 'Allow', Action: '*' }), 'either Resource or NotResource'],
    ['an action without a service', document(allow('RunInstances')), 'RunInstances is no action'],
    ['a resource that is no ARN', document(allow('*', 'bucket')), 'bucket is no resource'],
    ['no texts', document(allow([])), 'must be a text'],
    ['a number', document({ ...allow('*'), Resource: 7 }), 'must be a text'],
    ['a condition', document({ ...allow('*'), Condition: {} }), 'Condition is not evaluated'],
    ['a variable', document(allow('*', `arn:aws:s3:::$\{aws:username}`)), 'variables are not evaluated'],
    ['a principal', document({ ...allow('*'), Principal: '*' }), 'Principal is no element'],
  ])('%s', (_what, text, why) => {
    expect(() => readPolicy(text)).toThrow(MalformedPolicy)
    expect(() => readPolicy(text)).toThrow(why)
  })

  test.each<[what: string, statement: object, why: string]>([
    ['without a principal', {}, 'must name somebody'],
    ['with an empty one', { Principal: {} }, 'must name somebody'],
    ['with one of another kind', { Principal: { Federated: 'x' } }, 'Federated is no principal'],
    ['with a resource', { Principal: '*', Resource: '*' }, 'Resource is no element'],
  ])('trust %s', (_what, statement, why) =>
    expect(() => readTrust(document({ Effect: 'Allow', Action: '*', ...statement }))).toThrow(why),
  )
})
