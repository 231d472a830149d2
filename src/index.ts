import { resolve } from 'node:path'
import { type EmulatorSettings, type RunningEmulator, startCloud } from '../emulator/index.ts'
import { instanceTypes } from '../emulator/state/settings.ts'
import { removeLeftTemporaryFolders, removeTemporaryFolder } from '../emulator/temporary-folder.ts'
import { registerCatalog } from './catalog.ts'
import { readSettings, type Settings } from './settings.ts'
import { version } from './version.ts'

/** What a program may set; all else has the defaults of the command line, and the environment is not looked at. */
export interface StartOptions extends Partial<Settings> {
  /** Whether the built starter images are registered; they are by default. */
  readonly catalog?: boolean
  /** Told of each answered request. */
  readonly onRequest?: EmulatorSettings['log']
  /** What boots the guests, in place of QEMU: tests that are not about booting pass a fake. */
  readonly hypervisor?: NonNullable<EmulatorSettings['hypervisor']>
}

/** An emulator in this process. */
export interface Emulator {
  /** The one URL, for AWS_ENDPOINT_URL; with `tls` it is HTTPS, and the same with `http:` answers as well. */
  readonly url: string
  /** With `tls` the file that AWS_CA_BUNDLE and NODE_EXTRA_CA_CERTS have to name. */
  readonly authority: string | undefined
  /** The data folder, absolute. */
  readonly data: string
  readonly credentials: RunningEmulator['credentials']
  /** PEM; bundles are encrypted for it. */
  readonly cloudCertificate: string
  /** The starter images that are registered. */
  readonly images: readonly { readonly id: string; readonly name: string }[]
  /** Where public addresses come from, and the ports for which others stand in on this host; none without instances. */
  readonly publicAddresses: Awaited<ReturnType<RunningEmulator['cloud']['network']['publicAddresses']>> | undefined
  /**
   * Takes the host down: guests get `stopGrace`, or none once `hurry` is aborted. Disks and records stay, but for those of
   * an ephemeral emulator whose data folder nobody has named.
   */
  stop(hurry?: AbortSignal): Promise<void>
}

/** What the cloud itself takes of the settings. */
function cloudSettings(settings: Settings): EmulatorSettings['cloud'] {
  const { fidelity, faultStatus, region, regionIsNamed, zone, instanceType, memory, cpuOvercommit } = settings
  const { stopGrace, shutdownGrace, publicPorts, guestNet, guestNetAllow, lifecycleDay } = settings
  return {
    ...{ fidelity, faultStatus, region, regionIsNamed, zone, cpuOvercommit, shutdownGrace, stopGrace },
    ...{ publicPorts, guestNet, guestNetAllow, lifecycleDay, instanceTypes },
    defaultInstanceType: instanceType,
    memoryMiB: memory,
  }
}

/** Starts an emulator in this process and resolves when it is healthy. Throws when the data folder is in use. */
export async function startEmulator(options: StartOptions = {}): Promise<Emulator> {
  const { catalog = true, onRequest, hypervisor, ...chosen } = options
  const settings = settingsOf(chosen)
  const { data, host, port, accelerator, services, tls, ephemeral, mutant } = settings
  let running: RunningEmulator | undefined
  const stop = async (hurry?: AbortSignal) => {
    await running?.stop(hurry)
    if (settings.temporary) await removeTemporaryFolder(data)
  }
  try {
    if (settings.temporary) await removeLeftTemporaryFolders()
    running = await startCloud({
      cloud: cloudSettings(settings),
      ...{ data, host, port, version, accelerator, services, tls, mutant },
      durable: !ephemeral,
      ...(hypervisor && { hypervisor }),
      log: onRequest ?? (() => undefined),
    })
    const images = catalog && services === 'all' ? await registerCatalog(running) : []
    await running.ready()
    const publicAddresses = services === 'all' ? await running.cloud.network.publicAddresses() : undefined
    const { url, authority, credentials, cloudCertificate } = running
    return { url, authority, data, credentials, cloudCertificate, images, publicAddresses, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The settings of a program: what it has not set is as on the command line. */
function settingsOf(chosen: Partial<Settings>): Settings {
  const { fidelity = 'eucalyptus', ephemeral = false, data, region } = chosen
  const named = { ...(data !== undefined && { data }), ...(region !== undefined && { region }) }
  const flags = { fidelity, ephemeral: ephemeral ? 'on' : 'off', ...named }
  const settings = { ...readSettings(flags, {}), ...chosen }
  return { ...settings, data: resolve(settings.data) }
}
