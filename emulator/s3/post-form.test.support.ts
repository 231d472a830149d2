import { signPolicyV2, signPolicyV4 } from '../../src/protocol/signature/verify-policy.ts'
import type { Reply } from './service.test.support.ts'

/** The fields of a form, in order. */
export type Fields = Record<string, string>
/** The conditions of a policy. */
export type Conditions = readonly (Record<string, unknown> | readonly unknown[])[]

/** A file, or none, behind the fields, as browsers and python-requests write them. */
export function form(
  fields: Fields,
  file: string | Buffer | undefined,
  name = 'file"; filename="a.txt',
  boundary = 'xYz',
) {
  const part = (header: string, value: string | Buffer) =>
    Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${header}"\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ])
  const parts = Object.entries(fields).map(([field, value]) => part(field, value))
  const end = Buffer.from(`--${boundary}--\r\n`)
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...parts, ...(file === undefined ? [] : [part(name, file)]), end]),
  }
}

/** A policy as its field has it. */
export const base64 = (policy: unknown) =>
  Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64')

/** Signed with version 2 as euca2ools does. */
export function signed(conditions: Conditions, fields: Fields, policy: object = {}, as = 'alice'): Fields {
  const encoded = base64({ expiration: '2026-01-02T00:00:00Z', conditions, ...policy })
  const Signature = signPolicyV2(encoded, { secretAccessKey: `secret-of-${as}` })
  return { ...fields, AWSAccessKeyId: `key-of-${as}`, Policy: encoded, Signature }
}

/** Signed with version 4 as generate_presigned_post of boto3 does: the conditions name all that it adds. */
export function presigned(conditions: Conditions, fields: Fields, change: Fields = {}): Fields {
  const own = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': 'key-of-alice/20260101/anywhere/s3/aws4_request',
    'x-amz-date': '20260101T000000Z',
    ...change,
  }
  const all = [...conditions, ...Object.entries({ ...fields, ...own }).map(([name, value]) => ({ [name]: value }))]
  const policy = base64({ expiration: '2026-01-02T00:00:00Z', conditions: all })
  const scope = { date: '20260101', region: 'anywhere', service: 's3' }
  return { ...fields, ...own, policy, 'x-amz-signature': signPolicyV4(policy, 'secret-of-alice', scope) }
}

/** What euca-bundle-instance asks to be allowed, and what the node then sends. */
export const usual: Conditions = [{ acl: 'ec2-bundle-read' }, { bucket: 'mine' }, ['starts-with', '$key', 'pre']]
export const bundlePart = { key: 'prefix.part.00', acl: 'ec2-bundle-read' }

/** `status Code` of a refusal, or the status alone. */
export const told = (reply: Reply) =>
  reply.text.startsWith('<?xml') && reply.text.includes('<Error>')
    ? `${reply.status} ${reply.all('Code')[0]}`
    : `${reply.status}`
