import { field, list, text } from '../src/client/xml.ts'
import { type Bucket, contentOf } from './bucket.ts'
import type { Clients } from './clients.ts'

/** The group of everybody. */
export const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers'

/** The canonical id of an account, as its own list of buckets tells it. */
export async function canonicalId({ s3 }: Clients): Promise<string> {
  return text(contentOf(await s3({ method: 'GET', path: '/' })), 'Owner', 'ID') ?? ''
}

/** The grants of `key?acl` or `?acl`: to whom (id or URI), and what; sorted. */
export async function grantsOf(bucket: Bucket, keyAndQuery: string): Promise<string[]> {
  const grants = list(await bucket.document(keyAndQuery), 'AccessControlList', 'Grant')
  return grants
    .map((grant) => {
      const grantee = field(grant, 'Grantee')
      return `${text(grantee, 'ID') ?? text(grantee, 'URI')} ${text(grant, 'Permission')}`
    })
    .sort()
}

/** A grant to an account or, by a URI, to a group, as an element. */
export function grantElement(to: string, permission: string): string {
  const [type, inner] = to.startsWith('http') ? ['Group', `<URI>${to}</URI>`] : ['CanonicalUser', `<ID>${to}</ID>`]
  const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
  return `<Grant><Grantee ${schema} xsi:type="${type}">${inner}</Grantee><Permission>${permission}</Permission></Grant>`
}

/** An ACL as a document. */
export const aclDocument = (owner: string, ...grants: readonly string[]): string =>
  `<AccessControlPolicy><Owner><ID>${owner}</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList></AccessControlPolicy>`
