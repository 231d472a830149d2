import { readdir, readFile } from 'node:fs/promises'

/** The QEMU that carries the machine in this folder: its process id and its command line; waits until there is one. */
export async function processOf(folder: string): Promise<{ pid: number; words: string[] }> {
  for (;;) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').slice(0, -1)
      if (/qemu-system-x86_64$/.test(words[0] ?? '') && words.join(' ').includes(folder)) {
        return { pid: Number(pid), words }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The command line of the QEMU that carries the machine in this folder; waits until there is one. */
export const commandOf = async (folder: string): Promise<string[]> => (await processOf(folder)).words

/** What a guest's card is plugged into where there is no switch: a network that leases it an address as well. */
const userNetwork = 'user,id=cable'

/**
 * The same command with other disks, without the control channel and on QEMU's own network: a shell has nobody at the
 * other end of either.
 */
export function forShell(words: readonly string[], from: string, to: string): string[] {
  const kept: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '-S') continue
    const next = words[index + 1] ?? ''
    if ((word === '-chardev' && next.includes('fd=3')) || word === '-mon') index += 1
    else if (words[index - 1] === '-netdev') kept.push(userNetwork)
    else kept.push(word.replaceAll(from, to))
  }
  return kept
}
