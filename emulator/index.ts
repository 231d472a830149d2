import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { authenticate } from '../src/protocol/authentication.ts'
import { serviceHost } from '../src/protocol/service-host.ts'
import { createHashPool } from '../src/protocol/signature/hash-pool.ts'
import { adminApp, type Health } from './admin.ts'
import { addToCatalog, type CatalogImage } from './catalog.ts'
import type { Cloud, CloudSettings } from './cloud.ts'
import { type Credentials, noteEndpoint } from './credentials.ts'
import { dispatch, type RequestLog, type Services } from './http.ts'
import { type Listener, listen } from './listener.ts'
import { hostDown, hostUp } from './machines/host.ts'
import type { Accelerator, Hypervisor } from './node/hypervisor.ts'
import { qemuHypervisor } from './node/qemu.ts'
import { uefiMissing } from './node/uefi-firmware.ts'
import { objectStorage } from './object-storage.ts'
import type { StoreLayers } from './objects/store.ts'
import { openCloud } from './open.ts'
import { queryServices } from './query-service.ts'
import { type Service, servicesOf } from './routes.ts'
import { loadS3 } from './s3/service.ts'
import { mutantNamed, type Seams, unchanged } from './seams.ts'
import { type Clock, systemClock } from './state/clock.ts'
import { dataFiles, privateFolder } from './state/files.ts'
import { emptyCopy } from './storage/fake.ts'
import { loadOperations } from './surface.ts'
import { serverIdentity } from './tls.ts'

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
  /** `s3`: Object Storage and what its accounts need; no guest boots and no image is there. All unless told otherwise. */
  readonly services?: 'all' | 's3'
  /** Whether the port answers TLS as well. */
  readonly tls?: boolean
  /** Whether records and objects are on disk when a change is answered; they are unless told otherwise. */
  readonly durable?: boolean
  /** What Object Storage writes by, in place of the system's files: for tests. */
  readonly objectLayers?: StoreLayers
  /** A bug on purpose, by the name of its module in the folder `mutants`: for the tests of the conformance suite. */
  readonly mutant?: string | undefined
}

/** A running emulator. */
export interface RunningEmulator {
  readonly cloud: Cloud
  /** What clients call: over TLS where that is spoken. */
  readonly url: string
  /** The file of the authority that clients have to trust then. */
  readonly authority: string | undefined
  readonly credentials: Credentials
  readonly cloudCertificate: string
  /** Puts a starter image into Object Storage and registers it for everybody, unless it is there. */
  addToCatalog(image: CatalogImage): Promise<{ id: string; name: string }>
  /** From now on the health page says ok, and the instances of the last run boot. */
  ready(): Promise<void>
  /** Takes the host down gently; `hurry` ends the guests at once. Resolves when all is on disk and nothing runs. */
  stop(hurry?: AbortSignal): Promise<void>
}

/** Whether guests can run on this host, on what, and whether by UEFI. Looks at QEMU and boots the accelerators' probe. */
export async function describeNode(
  data: string,
  accelerator: EmulatorSettings['accelerator'],
): Promise<{ ok: boolean; accelerator?: string; uefi?: string; finding: string }> {
  const files = dataFiles(data)
  await privateFolder(files.data)
  const hypervisor = qemu(accelerator, systemClock, files.accelerator)
  try {
    const { version, accelerator: found, uefi } = await hypervisor.describe()
    const firmware = uefi ? 'there' : uefiMissing
    return { ok: true, accelerator: found, uefi: firmware, finding: `QEMU ${version}, accelerator ${found}` }
  } catch (error) {
    return { ok: false, finding: (error as Error).message }
  }
}

function qemu(accelerator: EmulatorSettings['accelerator'], clock: Clock, acceleratorCache: string): Hypervisor {
  return qemuHypervisor({ clock, acceleratorCache, ...(accelerator !== 'auto' && { accelerator }) })
}

async function loadServices(cloud: Cloud, running: readonly Service[], seams: Seams): Promise<Services> {
  const load = async <Name extends keyof typeof queryServices>(name: Name) => {
    const operations = running.includes(name) ? await loadOperations(name, seams.operation) : undefined
    return { ...queryServices[name], operations }
  }
  const [s3, ec2, iam, sts, empyrean] = await Promise.all([
    loadS3(objectStorage(cloud), seams.s3Operation),
    load('ec2'),
    load('iam'),
    load('sts'),
    load('empyrean'),
  ])
  return {
    query: { ec2, iam, sts, empyrean },
    s3,
    authenticate: seams.engine('signatures', authenticate),
    hashes: createHashPool(),
  }
}

function whatEachInstanceDoes(cloud: Cloud): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { state } of cloud.instances.list()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

/** What is said of the node by a cloud that boots nothing. */
const noNode = 'none: this cloud is an Object Storage'

/** Listens with what answers, and notes where. */
async function openPort(settings: EmulatorSettings, cloud: Cloud, clock: Clock, answer: RequestListener) {
  const { host, port, tls } = settings
  const identity = tls ? await serverIdentity(cloud.files, host, clock) : undefined
  const listener = await listen({ host, port, clock, answer, ...(identity && { identity }) })
  const { url, secureUrl } = listener
  const secure = secureUrl !== undefined && { secure: { url: secureUrl, authority: cloud.files.tlsAuthority } }
  try {
    await noteEndpoint(cloud.files, { url, region: cloud.settings.region, ...secure })
    return listener
  } catch (error) {
    listener.close()
    throw error
  }
}

/** What the health page says of the node. */
const nodeHealth = (hypervisor: Hypervisor): Promise<Pick<Health, 'node' | 'pace'>> =>
  hypervisor.describe().then(
    ({ name, version, accelerator, pace }) => ({ node: `${name} ${version}, ${accelerator}`, pace }),
    (error: Error) => ({ node: error.message }),
  )

/** What is put around the parts: nothing, or a mutant, and then nobody shall take this cloud for one without. */
async function seamsOf({ mutant: name }: EmulatorSettings): Promise<Seams> {
  if (name === undefined) return unchanged
  const { sentence, seams } = await mutantNamed(name)
  console.warn(`*** THIS CLOUD IS BROKEN ON PURPOSE: EUCA_EMU_MUTANT=${name}: ${sentence} ***`)
  return seams
}

/** Starts an emulator: it answers from now on, and says so on its health page once `ready` was called. */
export async function startCloud(settings: EmulatorSettings): Promise<RunningEmulator> {
  let url = ''
  const { clock = systemClock, data, services: named = 'all', objectLayers } = settings
  const hasNode = named === 'all'
  const seams = await seamsOf(settings)
  const { cloud, host, credentials, certificate, close } = await openCloud({
    settings: settings.cloud,
    data,
    clock,
    hypervisor: (files) => settings.hypervisor ?? qemu(settings.accelerator, clock, files.accelerator),
    ...(settings.hypervisor && { copyDisk: emptyCopy }),
    endpoint: () => `${url}/services/compute`,
    durable: settings.durable ?? true,
    ...(objectLayers && { objectLayers }),
    seams,
  })
  let status: Health['status'] = 'starting'
  let node: Pick<Health, 'node' | 'pace'> = { node: hasNode ? 'not looked at yet' : noNode }
  const health = (): Health => ({
    status,
    version: settings.version,
    fidelity: settings.cloud.fidelity,
    services: servicesOf[named],
    ...node,
    images: cloud.images.list().filter((image) => image.state === 'available').length,
    instances: whatEachInstanceDoes(cloud),
  })
  let listener: Listener
  let services: Services
  try {
    services = await loadServices(cloud, servicesOf[named], seams)
    const own = getRequestListener(adminApp(cloud, credentials.adminToken, health).fetch)
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse) =>
      /^\/_euca(?:\/|$)/.test(incoming.url ?? '') && !serviceHost(incoming.headers.host)
        ? void own(incoming, outgoing)
        : void dispatch(cloud, services, settings.log, incoming, outgoing)
    listener = await openPort(settings, cloud, clock, answer)
    url = listener.secureUrl ?? listener.url
  } catch (error) {
    await close()
    throw error
  }
  let stopped: Promise<void> | undefined
  const stop = async (hurry: AbortSignal) => {
    listener.close()
    await hostDown(host, hurry)
    listener.closeAll()
    await services.hashes.close()
    await close()
  }
  return {
    cloud,
    url,
    authority: listener.secureUrl && cloud.files.tlsAuthority,
    credentials,
    cloudCertificate: certificate,
    addToCatalog: (image) => addToCatalog(cloud, credentials, image),
    async ready() {
      if (hasNode) await hostUp(host)
      status = 'ok'
      if (!hasNode) return
      void nodeHealth(host.hypervisor).then((found) => {
        node = found
      })
    },
    stop(hurry = new AbortController().signal) {
      stopped ??= stop(hurry)
      return stopped
    },
  }
}
