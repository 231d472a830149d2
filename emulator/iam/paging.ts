import { integer, optional, text } from '../../src/protocol/shape.ts'
import type { Answer } from '../../src/protocol/xml.ts'
import type { Cloud } from '../cloud.ts'
import { fault } from './faults.ts'

/** The parameters of every list. */
export const paging = { PathPrefix: optional(text), MaxItems: optional(integer), Marker: optional(text) }

interface Asked {
  readonly PathPrefix?: string | undefined
  readonly MaxItems: number | undefined
  readonly Marker: string | undefined
}

const mostItems = 1000

/**
 * The part of a list that is asked for, in the order of names, and how to ask for the rest. Eucalyptus knows the
 * parameters and answers everything at once (EuareService). Throws the fault.
 */
export function page<Item extends { readonly name: string; readonly path: string }>(
  { settings }: Cloud,
  items: readonly Item[],
  { PathPrefix = '/', MaxItems = mostItems, Marker }: Asked,
): { items: Item[]; rest: { IsTruncated: boolean; Marker?: Answer } } {
  const all = items.filter(({ path }) => path.startsWith(PathPrefix)).sort((a, b) => (a.name < b.name ? -1 : 1))
  if (settings.fidelity === 'eucalyptus') return { items: all, rest: { IsTruncated: false } }
  if (MaxItems < 1 || MaxItems > mostItems) throw fault('invalidValue', 'maxItems', String(MaxItems))
  const after = Marker === undefined ? '' : Buffer.from(Marker, 'base64url').toString()
  const left = all.filter(({ name }) => name > after)
  const some = left.slice(0, MaxItems)
  const last = some.at(-1)
  if (left.length === some.length || !last) return { items: some, rest: { IsTruncated: false } }
  return { items: some, rest: { IsTruncated: true, Marker: Buffer.from(last.name).toString('base64url') } }
}
