import { integer, optional, text } from '../../src/protocol/shape.ts'
import type { Cloud } from '../cloud.ts'
import { fault } from './faults.ts'

/** The parameters by which a client asks for a long list in parts. */
export const paging = { MaxResults: optional(integer), NextToken: optional(text) }

/** How few and how many entries AWS gives at once (EC2 API Reference, "Pagination"). */
const [fewest, most] = [5, 1000]

/** Where the next part begins: behind the entry at this place, which is known by its key. */
const tokenOf = (place: number, key: string): string => Buffer.from(`${place} ${key}`).toString('base64url')

/** Where the part of a token begins. An entry may be gone by now: then it begins where that was. Throws the fault. */
function placeOf(token: string, keys: readonly string[]): number {
  const [, place, key = ''] = /^(\d{1,9}) (.+)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (place === undefined) throw fault('pageToken')
  const found = keys.indexOf(key)
  return found < 0 ? Number(place) : found + 1
}

/**
 * The part of a list that is asked for, and how to ask for the next. A list may grow and
 * shrink meanwhile: the next part begins behind the entry that was the last. Eucalyptus knows the
 * parameters and answers everything at once. `named`: whether entries were asked for by their ids, which AWS does not cut.
 * Throws the faults.
 */
export function page<Entry>(
  { settings }: Cloud,
  entries: readonly Entry[],
  { MaxResults, NextToken }: { readonly MaxResults: number | undefined; readonly NextToken: string | undefined },
  { key, named = false }: { key: (entry: Entry) => string; named?: boolean },
): { entries: readonly Entry[]; nextToken?: string } {
  if (settings.fidelity === 'eucalyptus' || (MaxResults === undefined && NextToken === undefined)) return { entries }
  if (named && MaxResults !== undefined) throw fault('pageOfNamed')
  if (MaxResults !== undefined && (MaxResults < fewest || MaxResults > most)) {
    throw fault('invalidParameterValue', String(MaxResults), 'maxResults')
  }
  const keys = entries.map(key)
  const start = NextToken === undefined ? 0 : placeOf(NextToken, keys)
  const end = start + (MaxResults ?? most)
  const part = entries.slice(start, end)
  return end < entries.length ? { entries: part, nextToken: tokenOf(end - 1, keys[end - 1] ?? '') } : { entries: part }
}
