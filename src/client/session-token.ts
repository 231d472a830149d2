import type { Credentials } from '../protocol/signature/sigv4.ts'

/** An access key, permanent or of a session: that one is good only together with its token. */
export interface AccessKey extends Credentials {
  readonly sessionToken?: string
}

/** The token where a signature in headers covers it: as a header that is signed with the others. */
export const tokenHeaders = ({ sessionToken }: AccessKey): Record<string, string> =>
  sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }

/** A raw query with the token where a signature in the query covers it. */
export function withTokenQuery({ sessionToken }: AccessKey, rawQuery: string, name: string): string {
  if (sessionToken === undefined) return rawQuery
  return `${rawQuery && `${rawQuery}&`}${name}=${encodeURIComponent(sessionToken)}`
}
