import { readFile } from 'node:fs/promises'

/** Milliseconds of one of the ticks in which Linux counts (sysconf _SC_CLK_TCK, 100 in a second). */
const tick = 10

/** What a process has used of processors so far, in ms; undefined when it is over, and on hosts that are no Linux. */
export async function processorTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  if (stat === undefined) return undefined
  // The name in brackets may hold anything; the 14th and the 15th field are the time in the process and in the kernel for it.
  const [user = 0, kernel = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + kernel) * tick
}
