import { afterPrefix } from './keys.ts'

/** What of a listing is asked for. */
export interface PageRequest {
  readonly prefix: string
  /** Names are rolled up at its first occurrence after the prefix; '' for no roll-up. */
  readonly delimiter: string
  /** Only names and common prefixes greater than this are listed; '' for all. */
  readonly after: string
  /** Most entries, names and common prefixes counted alike. */
  readonly limit: number
}

/** One row of a listing, or the common prefix of many. */
export type PageEntry<Row> = { readonly row: Row; readonly name: string } | { readonly commonPrefix: string }

export interface Page<Row> {
  readonly entries: readonly PageEntry<Row>[]
  /** True when there is more after the last entry. */
  readonly truncated: boolean
}

/** The rows from a position on, in order of the UTF-8 bytes of their names. Opening it must be cheap: pages seek. */
export type Scan<Row> = (start: Uint8Array) => Iterable<{ name: string; row: Row }>

/** The common prefix that a name is rolled up to, if any. */
function rollUp(name: string, { prefix, delimiter }: PageRequest): string | undefined {
  const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
  return end < 0 ? undefined : name.slice(0, end + delimiter.length)
}

/**
 * One page of a listing; its cost is that of its entries, because common prefixes are skipped by seeking. `start` is
 * where to begin when that is after the prefix (an index position, so that equal names can be paged through).
 */
export function page<Row>(scan: Scan<Row>, request: PageRequest, start: Uint8Array = Buffer.alloc(0)): Page<Row> {
  const entries: PageEntry<Row>[] = []
  const after = Buffer.from(request.after)
  const prefix = Buffer.from(request.prefix)
  if (request.limit <= 0) return { entries, truncated: false }
  let position: Uint8Array | undefined = Buffer.compare(prefix, start) > 0 ? prefix : start
  while (position) {
    let next: Uint8Array | undefined
    for (const { name, row } of scan(position)) {
      if (!name.startsWith(request.prefix)) break
      const commonPrefix = rollUp(name, request)
      if (commonPrefix === undefined) {
        if (entries.length === request.limit) return { entries, truncated: true }
        entries.push({ name, row })
        continue
      }
      const bytes = Buffer.from(commonPrefix)
      if (request.after === '' || Buffer.compare(bytes, after) > 0) {
        if (entries.length === request.limit) return { entries, truncated: true }
        entries.push({ commonPrefix })
      }
      next = afterPrefix(bytes)
      break
    }
    position = next
  }
  return { entries, truncated: false }
}
