import { dirname } from 'node:path'
import type { Clock } from '../state/clock.ts'
import { privateFolder } from '../state/files.ts'
import { chooseAccelerator } from './accelerator.ts'
import type { Accelerator, Hypervisor, Machine } from './hypervisor.ts'
import { slowed } from './pace.ts'
import { findQemu, qemuMissing, qemuVersion } from './qemu-binary.ts'
import { type QemuInstallation, startQemuMachine } from './qemu-machine.ts'
import { findSupervision, type Supervision } from './supervision.ts'
import { findUefiFirmware } from './uefi-firmware.ts'

/** What `qemuHypervisor` can be told. */
export interface QemuSettings {
  clock: Clock
  /** File that remembers the accelerator that was found to work, in the data folder that the machines' files are in. */
  acceleratorCache: string
  /** Takes this accelerator whether it passes the probe or not. */
  accelerator?: Accelerator
  /** QEMU to use; by default the first one on PATH. */
  binary?: string
  /** How guests die with us; by default the best that this host has. */
  supervision?: Supervision
}

/** Looks at the host once: binary, version, supervision, accelerator and its pace. */
async function inspect(settings: QemuSettings): Promise<QemuInstallation & { pace: number }> {
  const binary = settings.binary ?? (await findQemu())
  if (binary === undefined) throw new Error(qemuMissing)
  const version = await qemuVersion(binary)
  const data = dirname(settings.acceleratorCache)
  await privateFolder(data)
  const supervision = settings.supervision ?? (await findSupervision(data))
  // QEMU confines itself with seccomp, which only Linux has.
  const found = { binary, version, supervision, sandbox: process.platform === 'linux' }
  const { clock, acceleratorCache: cache, accelerator } = settings
  const only = accelerator && { candidates: [accelerator], isSettled: true }
  return { ...found, ...(await chooseAccelerator({ ...found, clock, cache, ...only })) }
}

/** The hypervisor that carries each machine in a QEMU process of its own. Looks at the host when first used. */
export function qemuHypervisor(settings: QemuSettings): Hypervisor {
  const machines = new Map<string, Promise<Machine>>()
  const closing = new AbortController()
  let installation: ReturnType<typeof inspect> | undefined
  const host = () => {
    installation ??= inspect(settings).catch((error: unknown) => {
      // The next call looks again: QEMU may have been installed meanwhile.
      installation = undefined
      throw error
    })
    return installation
  }
  return {
    describe: async () => {
      const { binary, version, accelerator, pace } = await host()
      return { name: 'qemu', version, accelerator, pace, uefi: (await findUefiFirmware(binary)) !== undefined }
    },
    start: async (spec, { signal } = {}) => {
      closing.signal.throwIfAborted()
      if (machines.has(spec.id)) throw new Error(`machine ${spec.id} runs already`)
      const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
      either.throwIfAborted()
      const forget = () => void machines.delete(spec.id)
      const starting = host().then(async (found) => {
        // All that is waited for in a machine takes as long as this host makes it.
        const machine = await startQemuMachine(spec, found, slowed(settings.clock, found.pace), either)
        void machine.ended.then(forget)
        return machine
      })
      machines.set(spec.id, starting)
      starting.catch(forget)
      return starting
    },
    close: async () => {
      closing.abort(new Error('the hypervisor is closed'))
      const all = [...machines.values()]
      await Promise.allSettled(all.map(async (starting) => (await starting).end()))
    },
  }
}
