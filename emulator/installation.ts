import { join } from 'node:path'
import { ConsoleReader } from './node/console-reader.ts'
import type { Accelerator, MachineEnd } from './node/hypervisor.ts'
import { machineUuid } from './node/machine-uuid.ts'
import { qemuHypervisor } from './node/qemu.ts'
import { systemClock } from './state/clock.ts'
import { dataFiles } from './state/files.ts'

/** What an operating system is installed with. Every path is absolute. */
export interface InstallationSettings {
  /** The disc that the machine starts from while its disk does not boot. */
  readonly iso: string
  /** The disk, a file of its size, raw. */
  readonly disk: string
  /** A folder for the machine alone, 0700. */
  readonly folder: string
  /** The data folder, which knows what accelerator works here. */
  readonly data: string
  readonly accelerator: Accelerator | 'auto'
  readonly memoryMiB: number
  readonly cpus: number
}

/** A machine on which an operating system installs itself. It has no network. */
export interface Installation {
  /** A socket on which a VNC client sees its screen, and types. */
  readonly vnc: string
  /** Resolves when it has switched itself off, broken, or was ended. */
  readonly ended: Promise<MachineEnd>
  /** What it writes on its serial console, to its end. */
  console(): AsyncGenerator<Buffer, void>
  /** Types on its serial console; resolves when that is taken. */
  type(bytes: Uint8Array): Promise<void>
  /** Ends it without asking. */
  end(): Promise<void>
}

/** How long a reader of the console waits for more, in ms. */
const pause = 40

/** Starts a machine that belongs to no cloud, on which an installer fills a disk. Throws when QEMU cannot run it. */
export async function startInstallation(settings: InstallationSettings, signal: AbortSignal): Promise<Installation> {
  const { iso, disk, folder, data, accelerator, memoryMiB, cpus } = settings
  const acceleratorCache = dataFiles(data).accelerator
  const only = accelerator === 'auto' ? {} : { accelerator }
  const hypervisor = qemuHypervisor({ clock: systemClock, acceleratorCache, ...only })
  const id = 'installation'
  const console = join(folder, 'console.log')
  const machine = await hypervisor.start(
    {
      ...{ id, uuid: machineUuid(id), folder, memoryMiB, cpus, console },
      boot: { kind: 'disk', installer: iso },
      drives: [{ id: 'root', format: 'raw', file: disk, serial: 'euca-bdm-emi-dev-vda', durable: false }],
    },
    { signal },
  )
  let isOver = false
  void machine.ended.then(() => {
    isOver = true
  })
  return {
    vnc: machine.vnc ?? '',
    ended: machine.ended,
    console: () => read(console, () => isOver),
    type: (bytes) => new Promise((resolve) => machine.serial.write(bytes, () => resolve())),
    end: () => machine.end(),
  }
}

async function* read(path: string, isOver: () => boolean): AsyncGenerator<Buffer, void> {
  const reader = new ConsoleReader(path)
  try {
    for (;;) {
      const wasOver = isOver()
      const piece = await reader.next()
      if (piece.length) yield piece
      else if (wasOver) return
      else await systemClock.sleep(pause)
    }
  } finally {
    await reader.close()
  }
}
