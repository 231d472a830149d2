import type { Answer } from '../../../src/protocol/xml.ts'

/** A role: what who may take it on may do. */
export interface RoleRecord {
  /** `AROA…`: never given twice, so that nobody inherits the sessions of a deleted role of the same name. */
  readonly id: string
  readonly accountId: string
  /** Unique in its account. */
  readonly name: string
  /** Begins and ends with a slash. */
  readonly path: string
  /** Its name for policies and clients. */
  readonly arn: string
  /** The document that says who may take it on, as it was given. */
  readonly trustPolicy: string
  /** Documents of what it may do, by their names. */
  readonly policies: Readonly<Record<string, string>>
  readonly description?: string
  /** How long its sessions may be, in seconds, in AWS. */
  readonly longestSession?: number
  readonly createdAt: string
}

/** A document as answers hold it: encoded as RFC 3986 has it. */
export const encodedDocument = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** A role as answers show it. */
export const roleView = (role: RoleRecord): { [name: string]: Answer } => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodedDocument(role.trustPolicy),
  Description: role.description,
  MaxSessionDuration: role.longestSession,
})
