/** Who asks Object Storage: a signed account, nobody, or the system account that launches and bundles images. */
export type Requester =
  | {
      readonly kind: 'account'
      readonly accountId: string
      readonly canonicalId: string
      readonly administrator: boolean
    }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'exec-read' }

/** What a grant gives. FULL_CONTROL stands for the other four. */
export const permissions = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'] as const
export type Permission = (typeof permissions)[number]

/** The predefined groups. The last two have one member, the system account (eucalyptus-behaviour.md section 10.3). */
export const groups = {
  allUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  authenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  logDelivery: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
  execRead: 'http://acs.amazonaws.com/groups/s3/zateam',
  bundle: 'http://acs.amazonaws.com/groups/s3/ec2-bundle',
} as const

/** An account by its canonical id, or a group by its URI. */
export type Grantee =
  | { readonly kind: 'account'; readonly canonicalId: string }
  | { readonly kind: 'group'; readonly uri: string }

export interface Grant {
  readonly grantee: Grantee
  readonly permission: Permission
}

/** The account that a bucket or an object belongs to. */
export interface Owner {
  readonly accountId: string
  readonly canonicalId: string
}

/** Who may do what with a bucket or an object. */
export interface Acl {
  readonly owner: Owner
  readonly grants: readonly Grant[]
}

/** Owns what nobody in particular has put into a bucket that everyone may write: S3's own id for it. */
export const anonymousOwner: Owner = { accountId: '', canonicalId: '65a011a29cdf8ec533ec3d1ccaae921c' }

const isMember: Record<string, (requester: Requester) => boolean> = {
  [groups.allUsers]: () => true,
  [groups.authenticatedUsers]: ({ kind }) => kind !== 'anonymous',
  [groups.execRead]: ({ kind }) => kind === 'exec-read',
  [groups.bundle]: ({ kind }) => kind === 'exec-read',
}

const isGranteeOf = ({ grantee }: Grant, requester: Requester) =>
  grantee.kind === 'group'
    ? (isMember[grantee.uri]?.(requester) ?? false)
    : requester.kind === 'account' && requester.canonicalId === grantee.canonicalId

/** True when the requester's account owns the thing, or administers the cloud. */
export function owns(owner: Owner, requester: Requester): boolean {
  return requester.kind === 'account' && (requester.administrator || requester.canonicalId === owner.canonicalId)
}

/**
 * Whether an ACL lets the requester. An owner may always read and change the ACL itself; administrators may do
 * everything (OsgAuthorizationHandler.java, admin override).
 */
export function allowed(acl: Acl, requester: Requester, permission: Permission): boolean {
  if (requester.kind === 'account' && requester.administrator) return true
  if ((permission === 'READ_ACP' || permission === 'WRITE_ACP') && owns(acl.owner, requester)) return true
  return acl.grants.some(
    (grant) =>
      (grant.permission === permission || grant.permission === 'FULL_CONTROL') && isGranteeOf(grant, requester),
  )
}

const isPublicGrant = ({ grantee }: Grant) =>
  grantee.kind === 'group' && (grantee.uri === groups.allUsers || grantee.uri === groups.authenticatedUsers)

/** Whether an ACL gives everybody something, with a name or without (S3 user guide, "The meaning of public"). */
export const isPublicAcl = ({ grants }: Acl): boolean => grants.some(isPublicGrant)

/** An ACL without what it gives everybody. */
export const withoutPublicGrants = (acl: Acl): Acl => ({
  ...acl,
  grants: acl.grants.filter((grant) => !isPublicGrant(grant)),
})

const toGroup = (uri: string, ...given: Permission[]): Grant[] =>
  given.map((permission) => ({ grantee: { kind: 'group', uri }, permission }))

const toAccount = ({ canonicalId }: Owner, permission: Permission): Grant[] => [
  { grantee: { kind: 'account', canonicalId }, permission },
]

type Expansion = (bucketOwner: Owner) => Grant[]

/** What each canned ACL adds to the owner's FULL_CONTROL (AclUtils.java; eucalyptus-behaviour.md section 10.3). */
const canned: Record<string, Expansion> = {
  private: () => [],
  'public-read': () => toGroup(groups.allUsers, 'READ'),
  'public-read-write': () => toGroup(groups.allUsers, 'READ', 'WRITE'),
  'authenticated-read': () => toGroup(groups.authenticatedUsers, 'READ'),
  'bucket-owner-read': (bucketOwner) => toAccount(bucketOwner, 'READ'),
  'bucket-owner-full-control': (bucketOwner) => toAccount(bucketOwner, 'FULL_CONTROL'),
  'log-delivery-write': () => toGroup(groups.logDelivery, 'WRITE', 'READ_ACP'),
  'aws-exec-read': () => toGroup(groups.execRead, 'READ'),
  'ec2-bundle-read': () => toGroup(groups.bundle, 'READ'),
}

/** The ACL that a canned name stands for, or undefined when there is none of that name. */
export function cannedAcl(name: string, owner: Owner, bucketOwner: Owner = owner): Acl | undefined {
  const expand = Object.hasOwn(canned, name) ? canned[name] : undefined
  if (!expand) return undefined
  const added = expand(bucketOwner).filter(
    ({ grantee }) => grantee.kind === 'group' || grantee.canonicalId !== owner.canonicalId,
  )
  return { owner, grants: [...toAccount(owner, 'FULL_CONTROL'), ...added] }
}

/** The ACL of what is made without one. */
export function privateAcl(owner: Owner): Acl {
  return { owner, grants: toAccount(owner, 'FULL_CONTROL') }
}
