import { actionsOf, effectOf, type Patterns, patternsOf, type Statement, statementsOf } from './policy.ts'
import { type Condition, readConditions } from './policy-conditions.ts'
import { fits, isObject, type Json, MalformedPolicy, textsIn } from './policy-text.ts'

/** The most bytes of a bucket's policy (S3 user guide, bucket policies). */
export const largestBucketPolicy = 20 * 1024

const account = /^\d{12}$/
const forms: Readonly<Record<string, RegExp>> = {
  AWS: /^(?:\*|\d{12}|[0-9a-f]{64}|arn:aws:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|arn:aws:sts::\d{12}:assumed-role\/[\w+=,.@/-]+)$/,
  CanonicalUser: /^[0-9a-f]{64}$/,
  Service: /^[a-z0-9.-]+$/,
}

/** A principal under one name, however it is written: an account by its number, a canonical id as such. */
function nameOf(kind: string, name: string): string {
  if (kind === 'AWS' && name === '*') return '*'
  const [, root] = /^arn:aws:iam::(\d{12}):root$/.exec(name) ?? []
  if (root !== undefined || account.test(name)) return `AWS:${root ?? name}`
  return /^[0-9a-f]{64}$/.test(name) ? `CanonicalUser:${name}` : `${kind}:${name}`
}

function namesIn(value: unknown): string[] {
  if (value === '*') return ['*']
  if (!isObject(value) || !Object.keys(value).length) throw new MalformedPolicy('Invalid policy syntax.')
  return Object.entries(value).flatMap(([kind, sent]) => {
    const form = Object.hasOwn(forms, kind) ? forms[kind] : undefined
    const names = textsIn(sent, kind)
    if (!form || !names.every((name) => form.test(name))) throw new MalformedPolicy('Invalid principal in policy')
    return names.map((name) => nameOf(kind, name))
  })
}

function principalsOf(statement: Json): { names: string[]; negated: boolean } {
  const negated = Object.hasOwn(statement, 'NotPrincipal')
  if (negated === Object.hasOwn(statement, 'Principal')) throw new MalformedPolicy('Missing required field Principal')
  if (negated && statement['Effect'] === 'Allow') throw new MalformedPolicy('Allow with NotPrincipal is not allowed.')
  return { names: namesIn(statement[negated ? 'NotPrincipal' : 'Principal']), negated }
}

/** Whether a pattern of resources can be meant for a bucket. */
function isAbout(bucket: string, pattern: string): boolean {
  const [, named] = /^arn:aws:s3:::([^/]*)/.exec(pattern) ?? []
  return pattern === '*' || (named !== undefined && fits(named, bucket))
}

function resourcesOf(statement: Json, bucket: string): Patterns {
  const resources = patternsOf(statement, 'Resource', /^(\*|arn:aws:s3:::.+)$/)
  if (!resources.patterns.every((pattern) => isAbout(bucket, pattern))) {
    throw new MalformedPolicy('Policy has invalid resource')
  }
  return resources
}

/** The keys of conditions that requests are told by; others are refused, as nothing would ever fit them. */
const knownKey =
  /^(?:aws:(?:currenttime|epochtime|principalaccount|principalarn|principaltype|referer|securetransport|sourceip|useragent)|s3:(?:delimiter|existingobjecttag\/.+|max-keys|prefix|requestobjecttag\/.+|requestobjecttagkeys|resourceaccount|versionid|x-amz-.+))$/

function conditionsOf(statement: Json): Condition[] {
  const conditions = readConditions(statement['Condition'])
  if (!conditions.every(({ key }) => knownKey.test(key))) {
    throw new MalformedPolicy('Policy has an invalid condition key')
  }
  return conditions
}

function actionsOfS3(statement: Json): Patterns {
  const actions = actionsOf(statement)
  if (!actions.patterns.every((action) => action === '*' || action.startsWith('s3:'))) {
    throw new MalformedPolicy('Policy has invalid action')
  }
  return actions
}

/**
 * Reads the policy of a bucket: whom it lets do what in it, or does not. Throws MalformedPolicy, in S3's words where the
 * documentation has them.
 */
export function readBucketPolicy(text: string, bucket: string): Statement[] {
  const known = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource']
  return statementsOf(text, [...known, 'Condition']).map((statement) => ({
    effect: effectOf(statement),
    principals: principalsOf(statement),
    actions: actionsOfS3(statement),
    resources: resourcesOf(statement, bucket),
    conditions: conditionsOf(statement),
  }))
}

/**
 * Whether a policy is public: it lets everybody do something, on no condition (S3 user guide, "The meaning of public").
 * A condition on anything but where a request comes from or whose it is does not make it less public.
 */
export function isPublicPolicy(statements: readonly Statement[]): boolean {
  const restricts = /^(?:aws:(?:sourceip|principalarn|principalaccount|principaltype)|s3:resourceaccount)$/
  return statements.some(
    ({ effect, principals, conditions = [] }) =>
      effect === 'Allow' && principals?.names.includes('*') && !conditions.some(({ key }) => restricts.test(key)),
  )
}
