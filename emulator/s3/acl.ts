import { type Answer, element, escapeXml } from '../../src/protocol/xml.ts'
import {
  childrenNamed,
  expectElement,
  findChild,
  findText,
  getText,
  MalformedXml,
  readXml,
  type XmlElement,
} from '../../src/protocol/xml-read.ts'
import {
  type Acl,
  cannedAcl,
  type Grant,
  type Grantee,
  groups,
  isPublicAcl,
  type Owner,
  type Permission,
  permissions,
  privateAcl,
} from '../objects/acl.ts'
import type { BucketRecord } from '../objects/records.ts'
import { xmlAnswer } from './answer.ts'
import { fault } from './faults.ts'
import type { S3Answer, S3Call, S3World } from './operation.ts'

/** An account as the fields of an Owner, Initiator or Grantee element. */
export function accountFields({ accounts }: S3World, canonicalId: string): { [name: string]: Answer } {
  return { ID: canonicalId, DisplayName: accounts.byCanonicalId(canonicalId)?.name }
}

const grantHeaders: readonly { readonly name: string; readonly permission: Permission }[] = [
  { name: 'x-amz-grant-read', permission: 'READ' },
  { name: 'x-amz-grant-write', permission: 'WRITE' },
  { name: 'x-amz-grant-read-acp', permission: 'READ_ACP' },
  { name: 'x-amz-grant-write-acp', permission: 'WRITE_ACP' },
  { name: 'x-amz-grant-full-control', permission: 'FULL_CONTROL' },
]

function toAccount({ accounts }: S3World, canonicalId: string): Grantee {
  if (!accounts.byCanonicalId(canonicalId)) throw fault('invalidArgument', 'Invalid id')
  return { kind: 'account', canonicalId }
}

function toGroup(uri: string): Grantee {
  if (!Object.values<string>(groups).includes(uri)) throw fault('invalidArgument', 'Invalid group uri')
  return { kind: 'group', uri }
}

/**
 * The account of an address. Accounts have no addresses of their own here: that of the account `alt` is alt@example.com.
 * (Eucalyptus: AclUtils, lookupCanonicalIdByEmail.)
 */
function toAddress({ accounts }: S3World, address: string): Grantee {
  const [, name = ''] = /^([^@]+)@example\.com$/i.exec(address) ?? []
  const account = accounts.byName(name.toLowerCase())
  if (!account) throw fault('unresolvableGrant')
  return { kind: 'account', canonicalId: account.canonicalId }
}

/** One grantee of a grant header: `id="…"`, `uri="…"` or `emailAddress="…"`. */
function granteeOf(world: S3World, text: string): Grantee {
  const [, kind, value = ''] = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/i.exec(text) ?? []
  if (kind === undefined) throw fault('invalidArgument', 'Argument format not recognized')
  if (kind.toLowerCase() === 'id') return toAccount(world, value)
  return kind.toLowerCase() === 'uri' ? toGroup(value) : toAddress(world, value)
}

/** The ACL that headers ask for: a canned one or grants; undefined when they ask for none. */
function requestedAcl(world: S3World, { headers }: S3Call, owner: Owner, bucketOwner: Owner): Acl | undefined {
  const canned = headers['x-amz-acl']
  const grants: Grant[] = []
  for (const { name, permission } of grantHeaders) {
    for (const text of headers[name]?.split(',') ?? []) grants.push({ grantee: granteeOf(world, text), permission })
  }
  if (canned === undefined) return grants.length ? { owner, grants } : undefined
  if (grants.length) throw fault('invalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed')
  const acl = cannedAcl(canned, owner, bucketOwner)
  if (!acl) throw fault('invalidArgument', `${canned} is not a canned ACL`)
  return acl
}

/** Refuses an ACL that gives everybody something in a bucket that blocks such ACLs. */
function unblocked({ publicAccessBlock }: BucketRecord, acl: Acl): Acl {
  if (publicAccessBlock?.blockPublicAcls && isPublicAcl(acl)) throw fault('accessDenied')
  return acl
}

/**
 * The ACL of what is being made: what the headers ask for, else private. `bucket` is that of an object. Throws AccessDenied
 * when the bucket blocks it, and others.
 */
export function aclForNew(world: S3World, call: S3Call, owner: Owner, bucket?: BucketRecord): Acl {
  const acl = requestedAcl(world, call, owner, bucket?.acl.owner ?? owner) ?? privateAcl(owner)
  return bucket ? unblocked(bucket, acl) : acl
}

function grantOf(world: S3World, grant: XmlElement): Grant {
  expectElement(grant, 'Grant', 'Grantee', 'Permission')
  const permission = permissions.find((one) => one === getText(grant, 'Permission'))
  const grantee = findChild(grant, 'Grantee')
  if (!permission || !grantee) throw new MalformedXml('a grant has a grantee and a permission')
  expectElement(grantee, 'Grantee', 'ID', 'URI', 'DisplayName', 'EmailAddress')
  const address = findText(grantee, 'EmailAddress')
  if (address !== undefined) return { permission, grantee: toAddress(world, address) }
  const uri = findText(grantee, 'URI')
  return { permission, grantee: uri === undefined ? toAccount(world, getText(grantee, 'ID')) : toGroup(uri) }
}

/** Reads an AccessControlPolicy. Its owner must be the one there is: ownership is not given away. */
function aclFromXml(world: S3World, content: Buffer, owner: Owner): Acl {
  const policy = readXml(content, content.length)
  expectElement(policy, 'AccessControlPolicy', 'Owner', 'AccessControlList')
  const named = findChild(policy, 'Owner')
  const list = findChild(policy, 'AccessControlList')
  if (!named || !list) throw new MalformedXml('an AccessControlPolicy has an Owner and an AccessControlList')
  if (getText(named, 'ID') !== owner.canonicalId) throw fault('accessDenied')
  expectElement(list, 'AccessControlList', 'Grant')
  return { owner, grants: childrenNamed(list, 'Grant').map((grant) => grantOf(world, grant)) }
}

/**
 * The ACL that a PUT ?acl asks for, in headers or in its body. Throws MalformedACLError, AccessDenied when the bucket
 * blocks it, and others.
 */
export function aclToPut(world: S3World, call: S3Call, owner: Owner, bucket: BucketRecord): Acl {
  const requested = requestedAcl(world, call, owner, bucket.acl.owner)
  if (requested) return unblocked(bucket, requested)
  try {
    return unblocked(bucket, aclFromXml(world, call.content, owner))
  } catch (error) {
    if (error instanceof MalformedXml) throw fault('malformedAcl')
    throw error
  }
}

const schema = 'http://www.w3.org/2001/XMLSchema-instance'

function grantXml(world: S3World, { grantee, permission }: Grant): string {
  const [type, content] =
    grantee.kind === 'group'
      ? ['Group', `<URI>${escapeXml(grantee.uri)}</URI>`]
      : ['CanonicalUser', fieldsXml(accountFields(world, grantee.canonicalId))]
  const element = `<Grantee xmlns:xsi="${schema}" xsi:type="${type}">${content}</Grantee>`
  return `<Grant>${element}<Permission>${permission}</Permission></Grant>`
}

const fieldsXml = (fields: { [name: string]: Answer }) =>
  Object.entries(fields)
    .map(([name, value]) => element(name, value, 's3'))
    .join('')

const isToGroup = ({ grantee }: Grant) => grantee.kind === 'group'

/** The answer of GET ?acl. Groups come first: the order has no meaning, but ceph/s3-tests compares it. */
export function aclAnswer(world: S3World, { owner, grants }: Acl): S3Answer {
  const ordered = [...grants.filter(isToGroup), ...grants.filter((grant) => !isToGroup(grant))]
  const list = ordered.map((grant) => grantXml(world, grant)).join('')
  const named = element('Owner', accountFields(world, owner.canonicalId), 's3')
  return xmlAnswer('AccessControlPolicy', `${named}<AccessControlList>${list}</AccessControlList>`)
}
