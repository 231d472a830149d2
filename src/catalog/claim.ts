import { readFile, rm, writeFile } from 'node:fs/promises'

/** Somebody else does the work already. */
export class Claimed extends Error {
  override readonly name = 'Claimed'
}

/**
 * Makes a file that says that this process is at work, and gives what removes it. One that a dead process has left counts
 * for nothing. Throws Claimed when a live one is at it.
 */
export async function claim(path: string): Promise<() => Promise<void>> {
  try {
    await writeFile(path, `${process.pid}`, { flag: 'wx', mode: 0o600 })
    return () => rm(path, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const owner = Number(await readFile(path, 'utf8'))
  if (owner > 0 && isAlive(owner)) {
    throw new Claimed(`process ${owner} is at it already; when it is not, remove ${path}`)
  }
  await rm(path, { force: true })
  return claim(path)
}

/** Whether a process is there, be it another user's. */
export function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
