import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Clients, clientsOf } from '../clients.ts'
import type { Intents } from '../journal.ts'
import type { Target } from '../target.ts'
import { folderPrefix } from '../tools.ts'
import { inventory, type Thing } from './listings.ts'
import { strayAddresses, thingsOf, trailOf } from './ours.ts'
import { order, remove } from './removals.ts'

/** Whose leftovers to remove: a run's, by its id and its journal where there is one. */
export interface Swept {
  readonly run: string
  readonly intents?: Intents
}

/** What a sweep has done. */
export interface Sweeping {
  /** `kind id`, each once. */
  readonly removed: readonly string[]
  /** What is still there, with the reason; or why that cannot be found out. */
  readonly left: readonly string[]
}

/** Seconds on an idle machine: what a cloud takes to end instances and to answer what was asked last. */
const [patience, firstPause, longestPause] = [300, 250, 5000]

/** A request that the killed run has sent may still be at work: so many looks in a row have to find nothing. */
const looksWithoutFindings = 3

interface Look {
  readonly found: readonly { readonly thing: Thing; readonly clients: Clients }[]
  readonly doubtful: readonly Thing[]
}

/**
 * Removes what a run has left behind: looks at all that the accounts of the target have, removes what is the run's, and
 * looks again until there is nothing. It can be called any number of times, and by a run's id alone.
 */
export async function sweep(target: Target, { run, intents }: Swept): Promise<Sweeping> {
  const trail = trailOf(run, intents)
  const all = accountsOf(target).map((account) => clientsOf(target, account))
  const look = async (): Promise<Look> => {
    const seen: Look['found'][number][] = []
    const doubtful: Thing[] = []
    for (const clients of all) {
      const things = await inventory(target, clients)
      const strays = strayAddresses(trail, things)
      doubtful.push(...strays.doubtful)
      for (const thing of [...thingsOf(trail, things), ...strays.ours]) seen.push({ thing, clients })
    }
    const found = seen.sort((one, other) => order.indexOf(one.thing.kind) - order.indexOf(other.thing.kind))
    return { found, doubtful }
  }
  return removeAll(target, look)
}

async function removeAll(target: Target, look: () => Promise<Look>): Promise<Sweeping> {
  const removed = new Set<string>()
  const reasons = new Map<string, string>()
  const labelOf = ({ kind, id }: Thing) => `${kind} ${id}`
  const deadline = performance.now() + patience * target.timeScale * 1000
  let quiet = 0
  for (let wait = firstPause; ; wait = Math.min(wait * 1.5, longestPause)) {
    const { found, doubtful } = await look()
    quiet = found.length ? 0 : quiet + 1
    const maybe = doubtful.map((thing) => `${labelOf(thing)}: it may be of this run, or of somebody else`)
    if (quiet === looksWithoutFindings) return { removed: [...removed], left: maybe }
    if (performance.now() > deadline) {
      const left = found.map(({ thing }) => `${labelOf(thing)}: ${reasons.get(labelOf(thing)) ?? 'it does not go'}`)
      return { removed: [...removed], left: [...left, ...maybe] }
    }
    for (const { thing, clients } of found) {
      const reason = await remove(clients, thing, target.fidelity)
      if (reason === undefined) removed.add(labelOf(thing))
      else reasons.set(labelOf(thing), reason)
    }
    await pause(wait)
  }
}

const accountsOf = ({ administrator, user }: Target) => (user ? [administrator, user] : [administrator])

/** Removes the folders that a run has left on this machine: only those that are named as the suite names them. */
export async function removeFolders({ folders }: Pick<Intents, 'folders'>): Promise<void> {
  const own = folders.filter((path) => dirname(path) === tmpdir() && basename(path).startsWith(folderPrefix))
  for (const folder of own) await rm(folder, { recursive: true, force: true })
}

/** The addresses that the accounts of a target have: a journal notes those that were there before its run. */
export async function addressesOf(target: Target): Promise<string[]> {
  const only = { ...target, capabilities: target.capabilities.filter((word) => word === 'addresses') }
  const all = await Promise.all(accountsOf(target).map((account) => inventory(only, clientsOf(target, account))))
  return all.flat().map(({ id }) => id)
}
