import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { adminApp, type Health } from './admin.ts'
import { addToCatalog, type CatalogImage } from './catalog.ts'
import type { Cloud, CloudSettings } from './cloud.ts'
import { type Credentials, noteEndpoint } from './credentials.ts'
import { dispatch, type RequestLog, type Services } from './http.ts'
import { hostDown, hostUp } from './machines/host.ts'
import type { Accelerator, Hypervisor } from './node/hypervisor.ts'
import { qemuHypervisor } from './node/qemu.ts'
import { objectStorage } from './object-storage.ts'
import { openCloud } from './open.ts'
import { queryServices } from './query-service.ts'
import { loadS3 } from './s3/service.ts'
import { type Clock, systemClock } from './state/clock.ts'
import { dataFiles, privateFolder } from './state/files.ts'
import { emptyCopy } from './storage/fake.ts'
import { loadOperations } from './surface.ts'

/** All that an emulator is made of. */
export interface EmulatorSettings {
  readonly cloud: CloudSettings
  /** The data folder, absolute; made when it is missing. */
  readonly data: string
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly version: string
  readonly log: RequestLog
  /** `auto` boots a probe on each that the host could have. */
  readonly accelerator: Accelerator | 'auto'
  /** In place of QEMU. */
  readonly hypervisor?: Hypervisor
  /** In place of the machine's own clocks. */
  readonly clock?: Clock
}

/** A running emulator. */
export interface RunningEmulator {
  readonly cloud: Cloud
  readonly url: string
  readonly credentials: Credentials
  readonly cloudCertificate: string
  /** Puts a starter image into Object Storage and registers it for everybody, unless it is there. */
  addToCatalog(image: CatalogImage): Promise<{ id: string; name: string }>
  /** From now on the health page says ok, and the instances of the last run boot. */
  ready(): Promise<void>
  /** Takes the host down gently; `hurry` ends the guests at once. Resolves when all is on disk and nothing runs. */
  stop(hurry?: AbortSignal): Promise<void>
}

/** Whether guests can run on this host, and on what. Looks at QEMU and boots the accelerators' probe. */
export async function describeNode(
  data: string,
  accelerator: EmulatorSettings['accelerator'],
): Promise<{ ok: boolean; accelerator?: string; finding: string }> {
  const files = dataFiles(data)
  await privateFolder(files.data)
  const hypervisor = qemu(accelerator, systemClock, files.accelerator)
  try {
    const { version, accelerator: found } = await hypervisor.describe()
    return { ok: true, accelerator: found, finding: `QEMU ${version}, accelerator ${found}` }
  } catch (error) {
    return { ok: false, finding: (error as Error).message }
  }
}

function qemu(accelerator: EmulatorSettings['accelerator'], clock: Clock, acceleratorCache: string): Hypervisor {
  return qemuHypervisor({ clock, acceleratorCache, ...(accelerator !== 'auto' && { accelerator }) })
}

async function loadServices(cloud: Cloud): Promise<Services> {
  const [s3, ec2, iam, sts, empyrean] = await Promise.all([
    loadS3(objectStorage(cloud)),
    loadOperations('ec2'),
    loadOperations('iam'),
    loadOperations('sts'),
    loadOperations('empyrean'),
  ])
  return {
    query: {
      ec2: { ...queryServices.ec2, operations: ec2 },
      iam: { ...queryServices.iam, operations: iam },
      sts: { ...queryServices.sts, operations: sts },
      empyrean: { ...queryServices.empyrean, operations: empyrean },
    },
    s3,
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  // An address that means all of this host's is no address to call.
  return `http://${/^(?:0\.0\.0\.0|\[::\])$/.test(name) ? '127.0.0.1' : name}:${address.port}`
}

function whatEachInstanceDoes(cloud: Cloud): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { state } of cloud.instances.list()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

/** Starts an emulator: it answers from now on, and says so on its health page once `ready` was called. */
export async function startCloud(settings: EmulatorSettings): Promise<RunningEmulator> {
  let url = ''
  const { clock = systemClock, data } = settings
  const { cloud, host, credentials, certificate, close } = await openCloud({
    settings: settings.cloud,
    data,
    clock,
    hypervisor: (files) => settings.hypervisor ?? qemu(settings.accelerator, clock, files.accelerator),
    ...(settings.hypervisor && { copyDisk: emptyCopy }),
    endpoint: () => `${url}/services/compute`,
  })
  let status: Health['status'] = 'starting'
  let node: Pick<Health, 'node' | 'pace'> = { node: 'not looked at yet' }
  const health = (): Health => ({
    status,
    version: settings.version,
    fidelity: settings.cloud.fidelity,
    services: ['ec2', 's3', 'iam', 'sts', 'empyrean'],
    ...node,
    images: cloud.images.list().filter((image) => image.state === 'available').length,
    instances: whatEachInstanceDoes(cloud),
  })
  const services = await loadServices(cloud)
  const own = getRequestListener(adminApp(cloud, credentials.adminToken, health).fetch)
  const server = createServer({ requestTimeout: 0, headersTimeout: 10_000, keepAliveTimeout: 65_000 })
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    /^\/_euca(?:\/|$)/.test(incoming.url ?? '')
      ? void own(incoming, outgoing)
      : void dispatch(cloud, services, settings.log, incoming, outgoing)
  server.on('request', answer)
  // A client that asks first is told to go on only when its signature is good.
  server.on('checkContinue', answer)
  try {
    url = await listen(server, settings.port, settings.host)
    await noteEndpoint(cloud.files, { url, region: cloud.settings.region })
  } catch (error) {
    await close()
    throw error
  }
  let stopped: Promise<void> | undefined
  const stop = async (hurry: AbortSignal) => {
    server.close()
    server.closeIdleConnections()
    await hostDown(host, hurry)
    server.closeAllConnections()
    await close()
  }
  return {
    cloud,
    url,
    credentials,
    cloudCertificate: certificate,
    addToCatalog: (image) => addToCatalog(cloud, credentials, image),
    async ready() {
      await hostUp(host)
      status = 'ok'
      host.hypervisor.describe().then(
        ({ name, version, accelerator, pace }) => {
          node = { node: `${name} ${version}, ${accelerator}`, pace }
        },
        (error: Error) => {
          node = { node: error.message }
        },
      )
    },
    stop(hurry = new AbortController().signal) {
      stopped ??= stop(hurry)
      return stopped
    },
  }
}
