import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from '../catalog/claim.ts'

const prefix = 'euca-emu-work-'

/**
 * Gives work a folder of its own in `parent`, and removes it with all that is in it when the work is over. The folder's
 * name holds our process id: what a killed command has left is removed by the next one.
 */
export async function withWorkFolder<Result>(
  parent: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  for (const name of await readdir(parent)) {
    const [, owner] = new RegExp(`^${prefix}(\\d+)-`).exec(name) ?? []
    if (owner === undefined || isAlive(Number(owner))) continue
    // In a folder for everybody there are those of other users, too.
    const found = await stat(join(parent, name)).catch(() => undefined)
    if (found?.uid === process.getuid?.()) await rm(join(parent, name), { recursive: true, force: true })
  }
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
