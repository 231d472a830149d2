import type { RawResponse } from '../src/client/send.ts'
import type { Bucket } from './bucket.ts'
import type { Account } from './target.ts'
import { signedPolicy } from './upload-policy.ts'

/** The fields of a form, in their order. */
export type Fields = Readonly<Record<string, string>>

/** Posts a form as a browser writes it, with a file at its end; nobody signs it but by its fields. */
export async function postForm(bucket: Bucket, fields: Fields, file: Blob | string): Promise<RawResponse> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', typeof file === 'string' ? new Blob([file]) : file, 'a file.txt')
  const encoded = new Response(form)
  const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
  return bucket.anonymous.ask('POST', '', { headers, body: Buffer.from(await encoded.arrayBuffer()) })
}

/** The fields by which an account lets whoever has them upload what fits the conditions, signed with version 2. */
export function signedFields(account: Account, conditions: readonly unknown[], seconds?: number): Fields {
  const { policy, signature } = signedPolicy(account, conditions, seconds)
  return { AWSAccessKeyId: account.accessKeyId, Policy: policy, Signature: signature }
}
