import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type AccountRecord, type Accounts, administratorsAccount } from './accounts.ts'
import { certifiedKey } from './certificate.ts'
import type { Clock } from './state/clock.ts'
import { type DataFiles, replaceFile } from './state/files.ts'

/** What the owner of the emulator works with; kept in credentials.json, 0600. */
export interface Credentials {
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Opens the admin calls below /_euca/. */
  readonly adminToken: string
}

/** The text of a file, or undefined when it is not there. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The administrators' account and its credentials, made at the first start. The record comes first, so a power loss in
 * between leaves an account without the file, to which a new file is then written from the record.
 */
export async function administrator(
  accounts: Accounts,
  files: DataFiles,
  firstKey: (accountId: string) => { id: string; secret: string } | undefined,
): Promise<{ account: AccountRecord; credentials: Credentials }> {
  const present = accounts.byName(administratorsAccount)
  const account = present ?? (await accounts.create(administratorsAccount)).account
  const kept = await readIfThere(files.credentials)
  if (kept !== undefined) return { account, credentials: JSON.parse(kept) as Credentials }
  const key = firstKey(account.id)
  if (!key)
    throw new Error(`the account ${administratorsAccount} has no access key; remove the data folder to start anew`)
  const credentials = {
    accountId: account.id,
    accessKeyId: key.id,
    secretAccessKey: key.secret,
    adminToken: randomBytes(32).toString('hex'),
  }
  await replaceFile(files.credentials, `${JSON.stringify(credentials, undefined, 2)}\n`)
  return { account, credentials }
}

/** The cloud's own key, for which bundles are encrypted, and its certificate; made at the first start. */
export async function cloudKey(files: DataFiles, clock: Clock): Promise<{ privateKey: string; certificate: string }> {
  const certificate = await readIfThere(files.cloudCertificate)
  if (certificate !== undefined) return { privateKey: await readFile(files.cloudKey, 'utf8'), certificate }
  const made = await certifiedKey('euca-emu cloud', randomBytes(16).toString('hex'), clock)
  await replaceFile(files.cloudKey, made.privateKey)
  // The certificate last: where it is, the key is.
  await replaceFile(files.cloudCertificate, made.certificate)
  return made
}

/** Where the running emulator listens, and over TLS by which authority's file. */
export interface Endpoint {
  readonly url: string
  readonly region: string
  readonly secure?: { readonly url: string; readonly authority: string }
}

/** Notes where the running emulator listens, for the commands that ask it. */
export async function noteEndpoint(files: DataFiles, endpoint: Endpoint): Promise<void> {
  await replaceFile(files.endpoint, `${JSON.stringify({ ...endpoint, pid: process.pid })}\n`)
}
