import { text } from '../../src/client/xml.ts'
import type { Intents } from '../journal.ts'
import { prefixOf } from '../tools.ts'
import type { Kind, Thing } from './listings.ts'

/** What is known of a run whose leftovers are looked for. */
export interface Trail {
  /** Of all names, tags, tokens and descriptions of the run. */
  readonly prefix: string
  /** Ids of what it has made, as its journal and the things found so far tell. */
  readonly ids: Set<string>
  /** The addresses that were there before it; undefined without a journal. */
  readonly addressesBefore?: ReadonlySet<string>
  /** How many addresses it may have got without hearing of it. */
  readonly addressesUnheard: number
}

/** The trail of a run, by its journal where there is one. */
export function trailOf(run: string, intents?: Intents): Trail {
  return {
    prefix: prefixOf(run),
    ids: new Set(intents?.made),
    ...(intents?.addresses && { addressesBefore: new Set(intents.addresses) }),
    addressesUnheard: intents?.unanswered.filter((action) => action === 'AllocateAddress').length ?? 0,
  }
}

/** Where the kinds that have names have them: whose name does not begin as the run's do is somebody else's, whatever it tells. */
const names: Readonly<Partial<Record<Kind, string>>> = {
  bucket: 'Name',
  'key pair': 'keyName',
  group: 'groupName',
  role: 'RoleName',
  'instance profile': 'InstanceProfileName',
}

/** The kinds that belong to a run when they tell of a thing of it: a volume of its snapshot, an image of its instance. */
const follows: ReadonlySet<Kind> = new Set([
  ...(['conversion task', 'import task', 'export task', 'bundle task'] as const),
  ...(['instance', 'image', 'volume', 'snapshot', 'address'] as const),
])

/** What a task has made is its run's. */
const tells: ReadonlySet<Kind> = new Set(['conversion task', 'import task'])
const idsIn = (about: string): string[] => about.match(/\b(?:i|vol|snap|[ae]mi)-[0-9a-f]{8,17}\b/g) ?? []

/** Addresses pass from one to the next: that another thing tells of one says nothing. */
const isLasting = (id: string): boolean => /^[a-z][a-z-]*-[0-9a-f]/.test(id)

/** Whether a text tells of an id, and not only of one that begins or ends so. */
function mentions(about: string, id: string): boolean {
  for (let at = about.indexOf(id); at >= 0; at = about.indexOf(id, at + 1)) {
    if (!/[\w-]/.test(about.charAt(at - 1)) && !/[\w-]/.test(about.charAt(at + id.length))) return true
  }
  return false
}

/** Whether a field begins with the run's prefix, or a part of a path in it: others may speak of the run anywhere else. */
const carries = (about: string, prefix: string): boolean => about.includes(`"${prefix}`) || about.includes(`/${prefix}`)

/** The things that cases have made, or that came of those: whatever names the run, and whatever tells of such a thing. */
export function thingsOf(trail: Trail, things: readonly Thing[]): Thing[] {
  const { prefix, ids, addressesBefore } = trail
  const told = things.map((thing) => ({ thing, about: JSON.stringify(thing.about) }))
  const found = new Set<Thing>()
  const isOurs = (thing: Thing, about: string) => {
    const { kind, id } = thing
    if (ids.has(id)) return true
    const name = names[kind]
    if (name !== undefined) return text(thing.about, name)?.startsWith(prefix) === true
    if (carries(about, prefix)) return true
    if (kind === 'address' && addressesBefore?.has(id) !== false) return false
    return follows.has(kind) && [...ids].some((other) => isLasting(other) && mentions(about, other))
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const { thing, about } of told) {
      if (found.has(thing) || !isOurs(thing, about)) continue
      found.add(thing)
      if (follows.has(thing.kind)) ids.add(thing.id)
      if (tells.has(thing.kind)) for (const id of idsIn(about)) ids.add(id)
    }
  }
  return [...found].filter(({ isOver }) => !isOver)
}

/**
 * The addresses that the run may have got without hearing of it: new since its beginning, and nobody's. They are its own
 * when there are no more than it has asked for; else nobody can tell, and they are only named.
 */
export function strayAddresses(trail: Trail, things: readonly Thing[]): { ours: Thing[]; doubtful: Thing[] } {
  const { addressesBefore, addressesUnheard, ids } = trail
  if (!addressesBefore || addressesUnheard === 0) return { ours: [], doubtful: [] }
  const strays = things.filter(({ kind, id, about }) => {
    const isUsed = /"i-[0-9a-f]{8,17}"/.test(JSON.stringify(about))
    return kind === 'address' && !ids.has(id) && !addressesBefore.has(id) && !isUsed
  })
  return strays.length <= addressesUnheard ? { ours: strays, doubtful: [] } : { ours: [], doubtful: strays }
}
