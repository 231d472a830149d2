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

/** One fault, or several any of which is right. */
export type Refusals = Refusal | readonly Refusal[]

const wanted = ({ code, status }: Pick<Refusal, 'code' | 'status'>) => `${code} (${status})`

/** What an attempt was refused with. Throws when it succeeded; what is no refusal of the service is thrown on. */
async function refusalOf(attempt: Promise<unknown>, codes: string): Promise<ServiceError> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) {
    if (outcome.error instanceof ServiceError) return outcome.error
    throw outcome.error
  }
  const answer = JSON.stringify(outcome.value)?.slice(0, 300)
  throw new assert.AssertionError({ message: `expected the refusal ${codes}, but it succeeded: ${answer}` })
}

/** Whether the service does what it is asked, where it may as well refuse. Throws what is no refusal of the service. */
export async function isTaken(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return false
  }
}

/** Asserts that an attempt is refused in just this way, or in one of these. */
export async function assertRefused(attempt: Promise<unknown>, expected: Refusals): Promise<ServiceError> {
  const all = [expected].flat()
  const error = await refusalOf(attempt, all.map(({ code }) => code).join(' or '))
  const { code, status, message } = error
  const alike = all.filter((one) => one.code === code && one.status === status)
  assert.ok(
    alike.length,
    `expected the refusal ${all.map(wanted).join(' or ')}, but it is ${code} (${status}): ${message}`,
  )
  const isSo = alike.some((one) => one.message?.test(message) ?? true)
  const sentences = alike.map((one) => one.message).join(' or ')
  assert.ok(isSo, `the refusal ${wanted(error)} says "${message}", and not ${sentences}`)
  return error
}
