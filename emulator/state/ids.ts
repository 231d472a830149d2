import { randomBytes, randomInt } from 'node:crypto'

/** Where ids come from: an argument of everything that makes records, so that a test can make them predictable. */
export interface Ids {
  /** A resource id such as `i-0123abcd…`: the prefix and 8 or 17 hex digits, as the cloud is set. */
  resource(prefix: string): string
  /** An account number: the region partition 000 and nine random digits (eucalyptus-behaviour.md section 9). */
  account(): string
  /** 64 hex digits, one for each account. */
  canonical(): string
  /** An access key id, `AKI` + partition `AA` + 15 of base 32 (section 9). */
  accessKey(): string
  /** An id of IAM: the prefix of its kind, such as `ARO` for a role, partition `AA` and 16 of base 32 (section 9). */
  entity(prefix: string): string
  /** A secret key of 40 letters and digits. */
  secret(): string
  /** A request id or any other name that must not be guessed or repeat. */
  uuid(): string
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Bytes as as many digits of the kind that access keys and the ids of users and roles have. */
export const base32Digits = (bytes: Uint8Array): string => Array.from(bytes, (byte) => base32[byte % 32]).join('')

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const pick = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')

/** Random ids; `digits` is 8 (as the documentation of Eucalyptus prints them) or 17 (its default since 5.0, and AWS). */
export function randomIds(digits: 8 | 17): Ids {
  return {
    resource: (prefix) => `${prefix}-${randomBytes(9).toString('hex').slice(0, digits)}`,
    account: () => `000${pick('0123456789', 9)}`,
    canonical: () => randomBytes(32).toString('hex'),
    accessKey: () => `AKIAA${pick(base32, 15)}`,
    entity: (prefix) => `${prefix}AA${pick(base32, 16)}`,
    secret: () => pick(alphanumeric, 40),
    uuid: () => crypto.randomUUID(),
  }
}
