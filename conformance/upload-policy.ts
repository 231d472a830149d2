import { createHmac } from 'node:crypto'
import type { Account } from './target.ts'

/** A policy for uploads by others, signed with version 2, as euca2ools makes it. */
export interface SignedPolicy {
  /** base64. */
  readonly policy: string
  readonly signature: string
}

/** Signs whatever stands for a policy. */
export function signedText({ secretAccessKey }: Account, text: string): SignedPolicy {
  const policy = Buffer.from(text).toString('base64')
  return { policy, signature: createHmac('sha1', secretAccessKey).update(policy).digest('base64') }
}

/** Lets whoever has it upload what fits the conditions, for an hour from now, or for as many seconds as given. */
export function signedPolicy(account: Account, conditions: readonly unknown[], seconds = 3600): SignedPolicy {
  const expiration = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')
  return signedText(account, JSON.stringify({ conditions, expiration }))
}
