import { fault } from './faults.ts'
import type { S3Call } from './operation.ts'

/** A number from the query: a decimal from 0 to 2^31-1; `otherwise` when it was not sent. Throws InvalidArgument. */
export function numberOf({ query }: S3Call, name: string, otherwise: number): number {
  const sent = query.get(name)
  if (sent === undefined || sent === '') return otherwise
  const value = Number(sent)
  if (!/^\d{1,10}$/.test(sent) || value >= 2 ** 31)
    throw fault('invalidArgument', `Argument ${name} must be an integer`)
  return value
}

/** How many entries a page may have: what was asked for, at most 1000. */
export function pageSize(call: S3Call, name: string): number {
  return Math.min(numberOf(call, name, 1000), 1000)
}
