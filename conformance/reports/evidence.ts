import { readFile, writeFile } from 'node:fs/promises'
import { ConformanceRefused } from '../refused.ts'
import type { Report } from '../run.ts'
import type { Target } from '../target.ts'

/** That a case has passed on a cloud, and when it last did. */
export interface Proof {
  readonly cloud: string
  readonly version: string
  /** ISO 8601, the day. */
  readonly when: string
}

/** Where each case has passed, by its id: what `evidence.json` holds. The emulator is in it nowhere. */
export type Evidence = Readonly<Record<string, readonly Proof[]>>

/** A cloud by name and version, from words such as `Eucalyptus 5.1.0`. Throws when there are not both. */
export function cloudOf(words: string): Pick<Proof, 'cloud' | 'version'> {
  const [, cloud, version] = /^\s*(\S.*?)\s+(\S+)\s*$/.exec(words) ?? []
  if (!cloud || !version)
    throw new ConformanceRefused(`--record takes a cloud and its version, such as "Eucalyptus 5.1.0", not "${words}"`)
  return { cloud, version }
}

/** Adds what passed in a run; of each cloud the last proof is kept. A case that fails now keeps when it last passed. */
export function withProofs(
  evidence: Evidence,
  { results, started }: Pick<Report, 'results' | 'started'>,
  { cloud, version }: Pick<Proof, 'cloud' | 'version'>,
): Evidence {
  const proof: Proof = { cloud, version, when: started.slice(0, 10) }
  const added = new Map(Object.entries(evidence))
  for (const { id, verdict } of results) {
    if (verdict !== 'passed') continue
    const others = (added.get(id) ?? []).filter((one) => one.cloud !== cloud)
    added.set(
      id,
      [...others, proof].sort((a, b) => (a.cloud < b.cloud ? -1 : 1)),
    )
  }
  return Object.fromEntries([...added].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether a target is an emulator of this project, which proves nothing: it says so itself at an address of its own. */
export async function isEmulator({ endpoints }: Pick<Target, 'endpoints'>): Promise<boolean> {
  try {
    const response = await fetch(new URL('/_euca/health', endpoints.s3), { signal: AbortSignal.timeout(10_000) })
    const health = (await response.json()) as Record<string, unknown> | null
    return response.ok && typeof health?.['fidelity'] === 'string'
  } catch {
    // Whatever answers with anything but that page is another cloud; whether it can be reached, the cases find out.
    return false
  }
}

/** The evidence in a file. Throws when it cannot be read. */
export const readEvidence = async (path: string): Promise<Evidence> => JSON.parse(await readFile(path, 'utf8'))

/** Writes the evidence into a file. */
export const writeEvidence = (path: string, evidence: Evidence): Promise<void> =>
  writeFile(path, `${JSON.stringify(evidence, undefined, 2)}\n`)
