import assert from 'node:assert/strict'
import { ServiceError } from '../src/client/service-error.ts'
import type { Fidelity } from './target.ts'

/** A fault that is expected: the code, the HTTP status, and the sentence where it is documented. */
export interface Refusal {
  readonly code: string
  readonly status: number
  readonly message?: RegExp
}

/** What differs between the two clouds. */
export type ByFidelity<Value> = Readonly<Record<Fidelity, Value>>

/** A fault by code and status. */
export const refusal = (code: string, status: number, message?: RegExp): Refusal => ({
  code,
  status,
  ...(message && { message }),
})

/** The value for the target's fidelity, when the two differ. */
export function chosen<Value extends object>(value: Value | ByFidelity<Value>, fidelity: Fidelity): Value {
  return 'eucalyptus' in value && 'aws' in value ? value[fidelity] : (value as Value)
}

/** What an attempt was refused with. Throws when it succeeded; what is no refusal of the service is thrown on. */
async function refusalOf(attempt: Promise<unknown>, expected: Refusal): Promise<ServiceError> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) {
    if (outcome.error instanceof ServiceError) return outcome.error
    throw outcome.error
  }
  const answer = JSON.stringify(outcome.value)?.slice(0, 300)
  throw new assert.AssertionError({ message: `expected the refusal ${expected.code}, but it succeeded: ${answer}` })
}

/** Asserts that an attempt is refused in just this way. */
export async function assertRefused(attempt: Promise<unknown>, expected: Refusal): Promise<ServiceError> {
  const error = await refusalOf(attempt, expected)
  const { code, status, message } = error
  const wanted = `${expected.code} (${expected.status})`
  assert.ok(
    code === expected.code && status === expected.status,
    `expected the refusal ${wanted}, but it is ${code} (${status}): ${message}`,
  )
  if (expected.message) assert.match(message, expected.message, `the refusal ${wanted} says "${message}"`)
  return error
}
