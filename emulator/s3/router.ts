import type { Fidelity } from '../../src/protocol/faults.ts'
import type { RestSubject } from '../../src/protocol/rest.ts'
import type { S3Operation } from './operation.ts'

/** What of a request chooses its operation. */
export interface Wanted {
  readonly method: string
  readonly of: RestSubject
  readonly sub: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** The operation of a request, if one claims it. */
export type Router = (wanted: Wanted) => S3Operation | undefined

const placeOf = ({ method, of, sub }: { method: string; of: RestSubject; sub?: string | undefined }) =>
  `${method} ${of} ${sub ?? ''}`

/** Finds the operations of a fidelity; one that asks for a header goes before one that does not. */
export function createRouter(operations: Iterable<S3Operation>, fidelity: Fidelity): Router {
  const places = new Map<string, S3Operation[]>()
  for (const operation of operations) {
    if (operation.fidelity !== undefined && operation.fidelity !== fidelity) continue
    const place = placeOf(operation.route)
    const others = places.get(place) ?? []
    places.set(place, operation.route.header === undefined ? [...others, operation] : [operation, ...others])
  }
  return (wanted) =>
    places
      .get(placeOf(wanted))
      ?.find(({ route }) => route.header === undefined || wanted.headers[route.header] !== undefined)
}
