import { type Case, defineCase } from './case.ts'

/** What the cases of an area have in common; each may say otherwise. */
export type Shared = Pick<Case, 'needs' | 'source'> & Partial<Pick<Case, 'level' | 'seconds'>>

/** Declares one case of an area: the rest of its id, its title, what it covers, and what it does. */
export type Declare = (
  words: string,
  title: string,
  covers: readonly string[],
  run: Case['run'],
  own?: Partial<Pick<Case, 'needs' | 'source' | 'level' | 'seconds' | 'smoke'>>,
) => Case

/** A declarer of the cases of an area. A case MUST hold and takes about a second unless it says otherwise. */
export function area(name: string, shared: Shared): Declare {
  return (words, title, covers, run, own) =>
    defineCase({ level: 'MUST', seconds: 1, ...shared, ...own, id: `${name}/${words}`, title, covers, run })
}
