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
  type Owner,
  type Permission,
  permissions,
  privateAcl,
} from '../objects/acl.ts'
import { xmlAnswer } from './answer.ts'
import { fault } from './faults.ts'
import type { S3Answer, S3Call, S3World } from './operation.ts'

/** An account as the fields of an Owner, Initiator or Grantee element. */
export function accountFields({ accounts }: S3World, canonicalId: string): { [name: string]: Answer } {
  return { ID: canonicalId, DisplayName: accounts.byCanonicalId(canonicalId)?.name }
}

const grantHeaders: Readonly<Record<string, Permission>> = {
  'x-amz-grant-read': 'READ',
  'x-amz-grant-write': 'WRITE',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
  'x-amz-grant-full-control': 'FULL_CONTROL',
}

function toAccount({ accounts }: S3World, canonicalId: string): Grantee {
  if (!accounts.byCanonicalId(canonicalId)) throw fault('invalidArgument', 'Invalid id')
  return { kind: 'account', canonicalId }
}

function toGroup(uri: string): Grantee {
  if (!Object.values<string>(groups).includes(uri)) throw fault('invalidArgument', 'Invalid group uri')
  return { kind: 'group', uri }
}

/** One grantee of a grant header: `id="…"`, `uri="…"` or `emailAddress="…"`. Accounts here have no addresses. */
function granteeOf(world: S3World, text: string): Grantee {
  const [, kind, value = ''] = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/i.exec(text) ?? []
  if (kind === undefined) throw fault('invalidArgument', 'Argument format not recognized')
  if (kind.toLowerCase() === 'id') return toAccount(world, value)
  if (kind.toLowerCase() === 'uri') return toGroup(value)
  throw fault('unresolvableGrant')
}

/** The ACL that headers ask for: a canned one or grants; undefined when they ask for none. */
function requestedAcl(world: S3World, { headers }: S3Call, owner: Owner, bucketOwner: Owner): Acl | undefined {
  const canned = headers['x-amz-acl']
  const grants = Object.entries(grantHeaders).flatMap(([name, permission]) =>
    (headers[name]?.split(',') ?? []).map((text): Grant => ({ grantee: granteeOf(world, text), permission })),
  )
  if (canned === undefined) return grants.length ? { owner, grants } : undefined
  if (grants.length) throw fault('invalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed')
  const acl = cannedAcl(canned, owner, bucketOwner)
  if (!acl) throw fault('invalidArgument', `${canned} is not a canned ACL`)
  return acl
}

/** The ACL of what is being made: what the headers ask for, else private. */
export function aclForNew(world: S3World, call: S3Call, owner: Owner, bucketOwner: Owner = owner): Acl {
  return requestedAcl(world, call, owner, bucketOwner) ?? privateAcl(owner)
}

function grantOf(world: S3World, grant: XmlElement): Grant {
  expectElement(grant, 'Grant', 'Grantee', 'Permission')
  const permission = permissions.find((one) => one === getText(grant, 'Permission'))
  const grantee = findChild(grant, 'Grantee')
  if (!permission || !grantee) throw new MalformedXml('a grant has a grantee and a permission')
  expectElement(grantee, 'Grantee', 'ID', 'URI', 'DisplayName', 'EmailAddress')
  if (findText(grantee, 'EmailAddress') !== undefined) throw fault('unresolvableGrant')
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

/** The ACL that a PUT ?acl asks for, in headers or in its body. Throws MalformedACLError and others. */
export function aclToPut(world: S3World, call: S3Call, owner: Owner, bucketOwner: Owner): Acl {
  const requested = requestedAcl(world, call, owner, bucketOwner)
  if (requested) return requested
  try {
    return aclFromXml(world, call.content, owner)
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

/** The answer of GET ?acl. */
export function aclAnswer(world: S3World, { owner, grants }: Acl): S3Answer {
  const list = grants.map((grant) => grantXml(world, grant)).join('')
  const named = element('Owner', accountFields(world, owner.canonicalId), 's3')
  return xmlAnswer('AccessControlPolicy', `${named}<AccessControlList>${list}</AccessControlList>`)
}
