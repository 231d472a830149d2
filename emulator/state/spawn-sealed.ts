import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/** O_CLOEXEC, in the form in which Linux shows a descriptor's flags. */
const closeOnExec = 0o2000000

/** The flags of one of our descriptors; undefined when it was closed since it was listed. */
function flagsOf(descriptor: number): number | undefined {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
    return flags === undefined ? undefined : Number.parseInt(flags, 8)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Our descriptors that every child would inherit. Node's own never are, but LMDB opens its data file in such a way. */
function inheritedDescriptors(): number[] {
  // Elsewhere (macOS) Node's posix_spawn closes all that a child was not given (POSIX_SPAWN_CLOEXEC_DEFAULT).
  if (process.platform !== 'linux') return []
  const open = readdirSync('/proc/self/fd').map(Number)
  return open.filter((descriptor) => ((flagsOf(descriptor) ?? closeOnExec) & closeOnExec) === 0)
}

/**
 * Starts a child that has nothing of our open files but `own`, its descriptors from 0 on: the null device stands where it
 * would inherit another. `spawn` gets the list to start it with, `own` and what may follow, and has to do so at once.
 */
export function spawnSealed<const Own extends readonly ('ignore' | 'pipe' | number)[], T>(
  own: Own,
  spawn: (all: Own) => T,
): T {
  const nothing = openSync(devNull, 'r+')
  try {
    const all: (string | number)[] = [...own]
    for (const descriptor of inheritedDescriptors()) {
      while (all.length <= descriptor) all.push('ignore')
      if (descriptor > 2 && all[descriptor] === 'ignore') all[descriptor] = nothing
    }
    return spawn(all as unknown as Own)
  } finally {
    closeSync(nothing)
  }
}
