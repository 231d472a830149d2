/** One name to hold: shared with others that share it, or alone. */
export interface Hold {
  readonly name: string
  readonly shared?: boolean
}

interface Line {
  readers: number
  writing: boolean
  readonly waiting: { shared: boolean; go: () => void }[]
}

/** Locks by name for the work of one process; first come, first served. */
export interface Locks {
  /** Runs `work` while it holds all names. They are taken in the given order, which callers must agree on. */
  hold<Result>(holds: readonly Hold[], work: () => Promise<Result>): Promise<Result>
}

function admit(line: Line): void {
  for (let next = line.waiting[0]; next; next = line.waiting[0]) {
    if (line.writing || (line.readers > 0 && !next.shared)) return
    if (next.shared) line.readers += 1
    else line.writing = true
    line.waiting.shift()
    next.go()
  }
}

/** Makes a set of locks; a name that nobody holds takes no memory. */
export function createLocks(): Locks {
  const lines = new Map<string, Line>()
  const take = ({ name, shared = false }: Hold) =>
    new Promise<void>((go) => {
      const line = lines.get(name) ?? { readers: 0, writing: false, waiting: [] }
      lines.set(name, line)
      line.waiting.push({ shared, go })
      admit(line)
    })
  const leave = ({ name, shared = false }: Hold) => {
    const line = lines.get(name)
    if (!line) throw new Error(`${name} is not held`)
    if (shared) line.readers -= 1
    else line.writing = false
    admit(line)
    if (line.readers === 0 && !line.writing) lines.delete(name)
  }
  return {
    async hold(holds, work) {
      const held: Hold[] = []
      try {
        for (const hold of holds) {
          await take(hold)
          held.push(hold)
        }
        return await work()
      } finally {
        for (const hold of held.reverse()) leave(hold)
      }
    },
  }
}
