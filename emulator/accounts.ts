import { createHash, X509Certificate } from 'node:crypto'
import type { Clock } from './state/clock.ts'
import { base32Digits, type Ids } from './state/ids.ts'
import type { Store } from './state/store.ts'
import { table } from './state/table.ts'

/** An account: the owner of every other record. */
export interface AccountRecord {
  /** The account number, 12 digits. */
  readonly id: string
  /** The alias, such as `eucalyptus` for the administrators' account. */
  readonly name: string
  /** 64 hex digits: the account as Object Storage shows it. */
  readonly canonicalId: string
  readonly administrator: boolean
  readonly createdAt: string
}

/** An access key; the secret is kept because signatures are checked with it. */
export interface AccessKeyRecord {
  readonly id: string
  readonly secret: string
  readonly accountId: string
  readonly createdAt: string
}

/** A signing certificate of an account: bundles are signed with its key, which only the user has. */
export interface CertificateRecord {
  /** SHA-1 of the certificate, hex. */
  readonly id: string
  readonly accountId: string
  readonly pem: string
  readonly createdAt: string
}

/** The name of the account whose users administer the cloud (eucalyptus-behaviour.md section 9). */
export const administratorsAccount = 'eucalyptus'

/** A user of an account. */
interface User {
  /** `AIDA…`. */
  readonly id: string
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly createdAt: string
}

/** The only user that an account has so far: its administrator, who is as old as it and holds its access keys. */
function adminOf({ id: accountId, createdAt }: AccountRecord): User {
  const digest = createHash('sha256').update(`user admin of ${accountId}`).digest()
  const name = 'admin'
  return {
    id: `AIDAA${base32Digits(digest.subarray(0, 16))}`,
    name,
    path: '/',
    arn: `arn:aws:iam::${accountId}:user/${name}`,
    createdAt,
  }
}

/** Accounts, their keys and certificates. */
export interface Accounts {
  byId(id: string): AccountRecord | undefined
  byName(name: string): AccountRecord | undefined
  byCanonicalId(id: string): AccountRecord | undefined
  /** All accounts, in the order in which they were made. */
  list(): AccountRecord[]
  /** The secret and the account of a permanent access key. */
  key(accessKeyId: string): { readonly secret: string; readonly account: AccountRecord } | undefined
  /** The users of an account. */
  users(accountId: string): User[]
  certificates(accountId: string): string[]
  /** Makes an account with one access key. Throws AccountExists and BadAccountName. */
  create(name: string): Promise<{ account: AccountRecord; key: AccessKeyRecord }>
  /** Keeps a certificate (PEM) as one of the account's. */
  addCertificate(accountId: string, pem: string): Promise<CertificateRecord>
}

/** An account of that name is there already. */
export class AccountExists extends Error {
  override readonly name = 'AccountExists'
}

/** A name that no account may have. */
export class BadAccountName extends Error {
  override readonly name = 'BadAccountName'
}

/** The accounts kept in `store`. */
export function createAccounts(store: Store, ids: Ids, clock: Clock): Accounts {
  const accounts = table<AccountRecord>(store, 'accounts')
  const keys = table<AccessKeyRecord>(store, 'accessKeys')
  const certificates = table<CertificateRecord>(store, 'certificates')
  const byName = (name: string) => accounts.list().find((account) => account.name === name)
  return {
    byId: (id) => accounts.get(id),
    byName,
    byCanonicalId: (id) => accounts.list().find(({ canonicalId }) => canonicalId === id),
    list: () => accounts.list().sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    users: (accountId) => [accounts.get(accountId) ?? []].flat().map(adminOf),
    key(accessKeyId) {
      const key = keys.get(accessKeyId)
      const account = key && accounts.get(key.accountId)
      return key && account ? { secret: key.secret, account } : undefined
    },
    certificates: (accountId) =>
      certificates
        .list()
        .filter((certificate) => certificate.accountId === accountId)
        .map(({ pem }) => pem),
    create: (name) =>
      store.change((draft) => {
        // The rule of account aliases: lower-case letters, digits and single hyphens inside.
        if (!/^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$/.test(name)) {
          throw new BadAccountName(
            `"${name}" cannot be an account's name: 3 to 63 lower-case letters, digits and hyphens`,
          )
        }
        const table = accounts.in(draft)
        if (table.list().some((account) => account.name === name)) {
          throw new AccountExists(`an account named ${name} exists already`)
        }
        const createdAt = clock.now().toISOString()
        const administrator = name === administratorsAccount
        const account = { id: ids.account(), name, canonicalId: ids.canonical(), administrator, createdAt }
        const key = { id: ids.accessKey(), secret: ids.secret(), accountId: account.id, createdAt }
        table.put(account)
        keys.in(draft).put(key)
        return { account, key }
      }),
    addCertificate: (accountId, pem) =>
      store.change((draft) => {
        const id = createHash('sha1').update(new X509Certificate(pem).raw).digest('hex')
        const record = { id, accountId, pem, createdAt: clock.now().toISOString() }
        certificates.in(draft).put(record)
        return record
      }),
  }
}
