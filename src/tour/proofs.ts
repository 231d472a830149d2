/** What the tour proves, in the order of its table. */
export const proofTitles = {
  registration: 'a disk, and a root with its kernel and ramdisk, are bundled, uploaded and registered',
  hvm: 'the disk boots by its own boot loader, and shows the words written into its bytes',
  paravirtual: 'the root boots with its kernel and ramdisk, and shows the words written into its bytes',
  closed: 'port 22 of an instance is closed until a security group opens it',
  ssh: 'the key of CreateKeyPair logs in at the public address',
  plugged: 'a volume attached to the running guest appears in it with its serial',
  snapshot: 'a snapshot of a volume, onto which the guest was given a disk, completes',
  fromSnapshot: 'an image of that snapshot boots from a volume of its own',
  stopped: 'a stop and a start of that instance keep what its guest wrote',
  instanceStore: 'the instance-store disk died with its instance: the next has a fresh copy',
  volume: 'the volume survived that instance: the next reads what was written',
} as const

/** A row of the table. */
export type ProofName = keyof typeof proofTitles

/** A proof that failed: the message says what was expected, `seen` what there was instead. */
export class ProofFailed extends Error {
  override readonly name = 'ProofFailed'
  readonly seen: string

  constructor(message: string, seen: string, options?: ErrorOptions) {
    super(message, options)
    this.seen = seen
  }
}

/** The proofs of one tour. */
export interface Proofs {
  /** Works on a proof, tells of its outcome and keeps it for the table. Rejects as the work does. */
  prove<Result>(name: ProofName, work: () => Promise<Result>): Promise<Result>
  /** One line a proof, in order: whether it was proven, what, and how long that took. */
  table(): string[]
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

/** Begins with nothing proven. `now` is in milliseconds. */
export function createProofs(say: (line: string) => void, now: () => number = () => performance.now()): Proofs {
  const outcomes = new Map<ProofName, { verdict: string; took: number }>()
  return {
    async prove(name, work) {
      const begun = now()
      const note = (verdict: string) => {
        const took = now() - begun
        outcomes.set(name, { verdict, took })
        return seconds(took)
      }
      try {
        const result = await work()
        say(`PROVEN  ${proofTitles[name]} (${note('proven')})`)
        return result
      } catch (error) {
        // What goes on beside a proof that fails is ended: that says nothing of it.
        note(error instanceof Error && error.name === 'AbortError' ? 'cut short' : 'NOT PROVEN')
        throw error
      }
    },
    table() {
      const width = Math.max(...Object.values(proofTitles).map(({ length }) => length))
      return (Object.keys(proofTitles) as ProofName[]).map((name) => {
        const outcome = outcomes.get(name)
        const took = outcome === undefined ? '' : seconds(outcome.took).padStart(8)
        return `${(outcome?.verdict ?? 'not reached').padEnd(12)} ${proofTitles[name].padEnd(width)} ${took}`.trimEnd()
      })
    },
  }
}
