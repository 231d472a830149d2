import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MachineSpec } from './hypervisor.ts'
import { type Picture, readPpm } from './picture.ts'
import type { Qmp } from './qmp.ts'

/** `screen` of a machine: QEMU writes what it shows to a file in the machine's folder. */
export function screenOf({ boot, folder }: MachineSpec, qmp: Qmp): () => Promise<Picture | undefined> {
  let count = 0
  return async () => {
    if (boot.kind !== 'disk') return undefined
    count += 1
    const filename = join(folder, `screen-${count}.ppm`)
    try {
      await qmp.execute('screendump', { filename })
      return readPpm(await readFile(filename))
    } finally {
      await rm(filename, { force: true })
    }
  }
}
