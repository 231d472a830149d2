import { resolve } from 'node:path'
import { type EmulatorSettings, type RunningEmulator, startCloud } from '../emulator/index.ts'
import { instanceTypes } from '../emulator/state/settings.ts'
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
  /** The one URL, for AWS_ENDPOINT_URL. */
  readonly url: string
  readonly credentials: RunningEmulator['credentials']
  /** PEM; bundles are encrypted for it. */
  readonly cloudCertificate: string
  /** The starter images that are registered. */
  readonly images: readonly { readonly id: string; readonly name: string }[]
  /** Where public addresses come from, and the ports for which others stand in on this host. */
  readonly publicAddresses: Awaited<ReturnType<RunningEmulator['cloud']['network']['publicAddresses']>>
  /** Takes the host down: guests get `stopGrace`, or none once `hurry` is aborted. Disks and records stay. */
  stop(hurry?: AbortSignal): Promise<void>
}

/** Starts an emulator in this process and resolves when it is healthy. Throws when the data folder is in use. */
export async function startEmulator(options: StartOptions = {}): Promise<Emulator> {
  const { catalog = true, onRequest, hypervisor, ...chosen } = options
  const fidelity = chosen.fidelity ?? 'eucalyptus'
  const settings = { ...readSettings({ fidelity }, {}), ...chosen }
  const data = resolve(settings.data)
  const { host, port, region, zone, instanceType, memory, cpuOvercommit, faultStatus } = settings
  const { accelerator, stopGrace, shutdownGrace, publicPorts, guestNet, guestNetAllow } = settings
  const running = await startCloud({
    cloud: {
      fidelity,
      faultStatus,
      region,
      zone,
      instanceTypes,
      defaultInstanceType: instanceType,
      cpuOvercommit,
      memoryMiB: memory,
      shutdownGrace,
      stopGrace,
      publicPorts,
      guestNet,
      guestNetAllow,
    },
    data,
    host,
    port,
    version,
    accelerator,
    ...(hypervisor && { hypervisor }),
    log: onRequest ?? (() => undefined),
  })
  let images: Emulator['images'] = []
  try {
    if (catalog) images = await registerCatalog(running)
    await running.ready()
  } catch (error) {
    await running.stop()
    throw error
  }
  const { url, credentials, cloudCertificate, stop } = running
  return {
    url,
    credentials,
    cloudCertificate,
    images,
    publicAddresses: await running.cloud.network.publicAddresses(),
    stop,
  }
}
