import type { Answer } from '../../../src/protocol/xml.ts'
import type { FilterTable } from '../filters.ts'

/** A key pair: only its public half is kept. */
export interface KeyPairRecord {
  /** Account number and name, as names are unique in an account only. */
  readonly id: string
  readonly ownerId: string
  readonly name: string
  readonly fingerprint: string
  /** The line for authorized_keys. */
  readonly publicKey: string
}

/** The id of an account's key pair. */
export const keyPairId = (ownerId: string, name: string): string => `${ownerId}/${name}`

/** The filters of DescribeKeyPairs. */
export const keyPairFilters: FilterTable<KeyPairRecord> = {
  'key-name': ({ name }) => [name],
  fingerprint: ({ fingerprint }) => [fingerprint],
}

/** A key pair as DescribeKeyPairs shows it. */
export const keyPairView = ({ name, fingerprint }: KeyPairRecord): { [name: string]: Answer } => ({
  keyName: name,
  keyFingerprint: fingerprint,
})

/** Hex digits in pairs with colons between, as fingerprints are written. */
export const colons = (hex: string): string => hex.replace(/..(?=.)/g, '$&:')

/** 1 to 255 printable ASCII characters. */
export const isKeyName = (name: string): boolean => /^[\x20-\x7e]{1,255}$/.test(name)
