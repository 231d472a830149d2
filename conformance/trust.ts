import type { Fidelity } from './target.ts'

/** How much of the suite a run is: all that boots nothing, or everything. */
export type Extent = 'boots nothing' | 'everything'

/** One finished run of the suite, a line of the log. */
export interface TrustRun {
  readonly extent: Extent
  readonly fidelity: Fidelity
  readonly seed: number
  /** Of what was run: runs of another build are kept, and count for nothing. */
  readonly build: string
  /** When it began, ISO 8601. */
  readonly at: string
  readonly seconds: number
  /** Processes that wanted a core when it was over, on the average of five minutes. */
  readonly load: number
  readonly exitCode: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The cases that failed, and how. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[]
}

/** How many runs in a row are wanted. */
export type Wanted = Readonly<Record<Extent, number>>

const isGood = ({ exitCode, failed, passed }: TrustRun) => exitCode === 0 && failed === 0 && passed > 0

/** The runs of this build since the last that failed, of each extent. */
export function rows(log: readonly TrustRun[], build: string): Readonly<Record<Extent, readonly TrustRun[]>> {
  const rowOf = (extent: Extent) => {
    const runs = log.filter((run) => run.build === build && run.extent === extent)
    return runs.slice(runs.findLastIndex((run) => !isGood(run)) + 1)
  }
  return { 'boots nothing': rowOf('boots nothing'), everything: rowOf('everything') }
}

/** What to run next: the quick ones first, the fidelities in turn. Undefined when both rows are long enough. */
export function next(
  log: readonly TrustRun[],
  build: string,
  wanted: Wanted,
  fidelities: readonly Fidelity[],
): { extent: Extent; fidelity: Fidelity } | undefined {
  const found = rows(log, build)
  for (const extent of ['boots nothing', 'everything'] as const) {
    const { length } = found[extent]
    const fidelity = fidelities[length % fidelities.length]
    if (length < wanted[extent] && fidelity !== undefined) return { extent, fidelity }
  }
  return undefined
}

/** A run in a line. */
export function said({ extent, fidelity, seed, seconds, load, passed, failed, skipped }: TrustRun): string {
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`
  return `${extent}, ${fidelity}, seed ${seed}: ${counts}, ${(seconds / 60).toFixed(1)} min at load ${load.toFixed(1)}`
}

/** How far the rows are, and which runs of this build failed. */
export function summary(log: readonly TrustRun[], build: string, wanted: Wanted): string[] {
  const found = rows(log, build)
  const ours = log.filter((run) => run.build === build)
  const lines = (['boots nothing', 'everything'] as const).map((extent) => {
    const seconds = found[extent].map((run) => run.seconds).sort((one, other) => one - other)
    const median = seconds[Math.floor(seconds.length / 2)]
    const time = median === undefined ? '' : `, ${(median / 60).toFixed(1)} min in the middle`
    return `${extent}: ${seconds.length} of ${wanted[extent]} in a row${time}`
  })
  const broken = ours.filter((run) => !isGood(run)).map((run) => `failed: ${said(run)}`)
  const others = log.length - ours.length
  return [...lines, ...broken, ...(others ? [`${others} runs of other builds count for nothing`] : [])]
}

/** Reads a log; a line that was being written when its writer was killed is left out. */
export const readLog = (text: string): TrustRun[] =>
  text.split('\n').flatMap((line): TrustRun[] => (line.endsWith('}') ? [JSON.parse(line)] : []))
