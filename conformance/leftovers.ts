/** What has to be removed after a case. */
export interface Leftovers {
  /** Registers a removal; they run last-in first-out, whatever happens. */
  later(label: string, remove: () => Promise<unknown>): void
  /** Runs all removals; gives the label and the reason of each that failed. Never throws. */
  clear(): Promise<string[]>
  /** Begins no further removal; gives what `clear` would have given by now, and all that is not removed with this reason. */
  giveUp(reason: string): string[]
}

/** Codes that say that a thing is gone already, in any of the services. */
const gone = /NotFound|^NoSuch/

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.name : ''

interface Removal {
  readonly label: string
  readonly remove: () => Promise<unknown>
}

/** An empty list of removals; `onRemoved` is told of each that is done. */
export function createLeftovers(onRemoved: (label: string) => void = () => undefined): Leftovers {
  const removals: Removal[] = []
  const leaked: string[] = []
  let next: Removal | undefined
  return {
    later: (label, remove) => void removals.push({ label, remove }),
    async clear() {
      for (next = removals.pop(); next; next = removals.pop()) {
        const { label, remove } = next
        try {
          await remove()
        } catch (error) {
          if (!gone.test(codeOf(error))) {
            leaked.push(`${label}: ${error instanceof Error ? error.message : String(error)}`)
            continue
          }
        }
        onRemoved(label)
      }
      return leaked
    },
    giveUp(reason) {
      const waiting = [...removals.splice(0), ...(next ? [next] : [])].reverse()
      return [...leaked, ...waiting.map(({ label }) => `${label}: ${reason}`)]
    },
  }
}
