import type { RestSubject } from '../../src/protocol/rest.ts'
import type { S3Operation } from './operation.ts'

/** What of a request chooses its operation. */
export interface Wanted {
  readonly method: string
  readonly of: RestSubject
  readonly sub: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** The operation of a request, if one claims it; one that asks for a header goes before one that does not. */
export function pick(operations: Iterable<S3Operation>, { method, of, sub, headers }: Wanted): S3Operation | undefined {
  const candidates = [...operations].filter(
    ({ route }) =>
      route.method === method &&
      route.of === of &&
      route.sub === sub &&
      (route.header === undefined || headers[route.header] !== undefined),
  )
  return candidates.find(({ route }) => route.header !== undefined) ?? candidates[0]
}
