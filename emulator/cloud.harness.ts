import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ImageKind } from '../src/bundle/manifest.ts'
import { list, readXml, type Xml } from '../src/client/xml.ts'
import type { Fidelity } from '../src/protocol/faults.ts'
import type { Caller } from '../src/protocol/operation.ts'
import { type TestBundle, uploader } from './bundle.harness.ts'
import { certifiedKey } from './certificate.ts'
import type { Cloud, CloudSettings } from './cloud.ts'
import type { Credentials } from './credentials.ts'
import { type Host, hostDown, hostUp } from './machines/host.ts'
import { type FakeHypervisor, type FakeSettings, fakeHypervisor } from './node/fake.ts'
import type { Hypervisor } from './node/hypervisor.ts'
import { openCloud } from './open.ts'
import { type QueryService, queryServices, serveQuery } from './query-service.ts'
import { type ManualClock, manualClock } from './state/clock.ts'
import { dataFiles } from './state/files.ts'
import { instanceTypes } from './state/settings.ts'
import { emptyCopy } from './storage/fake.ts'
import { loadOperations } from './surface.ts'

/** What a test may choose of its cloud. */
export interface TestCloudOptions {
  readonly fidelity?: Fidelity
  readonly settings?: Partial<CloudSettings>
  /** How the fake hypervisor's guests behave. */
  readonly guests?: FakeSettings
  /** Puts something between the cloud and the fake hypervisor. */
  readonly around?: (hypervisor: Hypervisor) => Hypervisor
}

/** An image to register; a paravirtual one gets a kernel and a ramdisk of its own. */
export interface TestImage extends TestBundle {
  readonly virtualization?: 'hvm' | 'paravirtual'
  readonly parameters?: Record<string, string>
}

/** What a client would see of a refused call. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused'
  readonly code: string
  readonly status: number
  constructor(code: string, status: number, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** A cloud in a temporary folder whose guests boot nothing and whose clock stands still. */
export interface TestCloud {
  readonly cloud: Cloud
  readonly host: Host
  readonly hypervisor: FakeHypervisor
  readonly clock: ManualClock
  readonly credentials: Credentials
  /** The administrators' account. */
  readonly administrator: Caller
  /** Calls an action of a query service as the administrator or `as`, decoded and rendered as on the wire. Throws CallRefused. */
  call(action: string, parameters?: Record<string, string>, as?: Caller): Promise<Xml>
  /** `400 Code: message` of a call that must be refused. */
  refusal(action: string, parameters?: Record<string, string>, as?: Caller): Promise<string>
  account(name: string): Promise<Caller>
  /** Bundles bytes into Object Storage; resolves with the location of the manifest. */
  upload(bundle?: TestBundle): Promise<string>
  /** Uploads and registers; resolves with the image's id. */
  register(image?: TestImage): Promise<string>
  /** Launches one instance; resolves with its id. It is running after `idle()`. */
  run(parameters?: Record<string, string>, as?: Caller): Promise<string>
  /** Resolves when no background work is under way. */
  idle(): Promise<void>
  /**
   * The next cloud on the same data: after an orderly stop, or on what a crash at this moment would leave on disk. To
   * close the first one is to close the last.
   */
  restart(how: 'orderly' | 'crash', options?: TestCloudOptions): Promise<TestCloud>
  close(): Promise<void>
}

/** The cloud's key is made once for all clouds of a test file, as RSA keys are slow to come by. */
const cloudKey = certifiedKey('test cloud', '01', manualClock())

const services = Promise.all(
  Object.values(queryServices).map(
    async (service): Promise<QueryService> => ({ ...service, operations: await loadOperations(service.name) }),
  ),
)

/** The settings that test clouds have unless told otherwise. */
export const testSettings = (fidelity: Fidelity): CloudSettings => ({
  fidelity,
  faultStatus: 'faithful',
  region: 'eucalyptus',
  zone: 'one',
  instanceTypes,
  defaultInstanceType: 'm1.small',
  cpuOvercommit: 16,
  memoryMiB: 4096,
  shutdownGrace: 60_000,
  stopGrace: 10_000,
  publicPorts: [22, 80],
  guestNet: 'off',
  guestNetAllow: [],
  lifecycleDay: 86_400_000,
})

/** Opens a cloud in a new folder. The caller closes it: `afterAll(cloud.close)` or `onTestFinished(cloud.close)`. */
export async function testCloud(options: TestCloudOptions = {}): Promise<TestCloud> {
  const data = mkdtempSync(join(tmpdir(), 'cloud-'))
  const files = dataFiles(data)
  const { privateKey, certificate } = await cloudKey
  writeFileSync(files.cloudKey, privateKey, { mode: 0o600 })
  writeFileSync(files.cloudCertificate, certificate)
  return openTestCloud(data, manualClock(), options)
}

/** A cloud for one test, which is closed when the test ends. */
export async function freshCloud(options?: TestCloudOptions): Promise<TestCloud> {
  const it = await testCloud(options)
  onTestFinished(it.close)
  return it
}

/** A cloud of each fidelity, for tables of what they answer. */
export async function bothClouds(): Promise<{ eucalyptus: TestCloud; aws: TestCloud; close: () => Promise<void> }> {
  const [eucalyptus, aws] = await Promise.all([testCloud(), testCloud({ fidelity: 'aws' })])
  const close = async () => void (await Promise.all([eucalyptus.close(), aws.close()]))
  return { eucalyptus, aws, close }
}

async function openTestCloud(data: string, clock: ManualClock, options: TestCloudOptions): Promise<TestCloud> {
  const { fidelity = 'eucalyptus', guests, around = (one) => one } = options
  const hypervisor = fakeHypervisor(guests)
  const settings = { ...testSettings(fidelity), ...options.settings }
  const opened = await openCloud({
    settings,
    data,
    clock,
    hypervisor: () => around(hypervisor),
    copyDisk: emptyCopy,
    endpoint: () => 'http://127.0.0.1:8773/services/compute',
  })
  const { cloud, host, credentials, certificate } = opened
  await hostUp(host)
  const administrator = { ...credentials, administrator: true }
  let successor: TestCloud | undefined
  const stop = async () => {
    await hostDown(host, AbortSignal.abort())
    await opened.close()
  }
  const call = caller(cloud, administrator)
  const upload = uploader(cloud, certificate, administrator)
  const it: TestCloud = {
    cloud,
    host,
    hypervisor,
    clock,
    credentials,
    administrator,
    call,
    upload,
    refusal: (action, parameters, as) =>
      call(action, parameters, as).then(
        (answer) => Promise.reject(new Error(`${action} was not refused: ${JSON.stringify(answer)}`)),
        (error) => {
          if (!(error instanceof CallRefused)) throw error
          return `${error.status} ${error.code}: ${error.message}`
        },
      ),
    async account(name) {
      const { account, key } = await cloud.accounts.create(name)
      return { accountId: account.id, administrator: account.administrator, accessKeyId: key.id }
    },
    register: (image) => register(it, image),
    async run(parameters = {}, as) {
      const ImageId = parameters['ImageId'] ?? (await it.register(as ? { as } : {}))
      const answer = await call('RunInstances', { MinCount: '1', MaxCount: '1', ...parameters, ImageId }, as)
      return theText(answer, 'instancesSet', '0', 'instanceId')
    },
    idle: () => cloud.tasks.idle(),
    restart: async (how, next = options) => {
      const after = how === 'orderly' ? data : mkdtempSync(join(tmpdir(), 'cloud-'))
      if (how === 'crash') cpSync(data, after, { recursive: true })
      await stop()
      if (how === 'crash') rmSync(data, { recursive: true })
      successor = await openTestCloud(after, clock, next)
      return successor
    },
    async close() {
      if (successor) return successor.close()
      await stop()
      rmSync(data, { recursive: true })
    },
  }
  return it
}

function caller(cloud: Cloud, administrator: Caller): TestCloud['call'] {
  return async (action, parameters = {}, as = administrator) => {
    const all = await services
    const service = all.find(({ operations }) => operations?.has(action)) ?? all[0]
    if (!service) throw new Error('there are no services')
    const pairs = Object.entries({ Action: action, ...parameters })
    const reply = await serveQuery(service, cloud, pairs, { caller: as, requestId: 'the-request' })
    const { root, content } = readXml(reply.body)
    if (reply.status === 200 && root === `${action}Response`) return content
    throw refused(content, reply.status)
  }
}

function refused(document: Xml, status: number): CallRefused {
  const error = deep(document, 'Errors', 'Error') ?? deep(document, 'Error')
  return new CallRefused(theText(error, 'Code'), status, theText(error, 'Message'))
}

/** The value below a path of field names and list indices; undefined when a step is not there. */
export function deep(from: Xml | undefined, ...path: string[]): Xml | undefined {
  let value = from
  for (const name of path) {
    if (value === undefined || typeof value === 'string') return undefined
    value = Array.isArray(value) ? value[Number(name)] : value[name]
  }
  return value
}

/** The elements of the list below a path. */
export const items = (from: Xml, ...path: string[]): Xml[] => list(from, ...path)

/** The text below a path. Throws when it is not there. */
export function theText(from: Xml | undefined, ...path: string[]): string {
  const value = deep(from, ...path)
  if (typeof value !== 'string') throw new Error(`${path.join('.')} is not text in ${JSON.stringify(from)}`)
  return value
}

async function register(it: TestCloud, image: TestImage = {}): Promise<string> {
  const { virtualization = 'hvm', kind = 'machine', parameters, as } = image
  const loadable = (of: ImageKind) => register(it, { kind: of, bytes: randomBytes(5000), ...(as && { as }) })
  const parts = virtualization === 'paravirtual' && {
    KernelId: await loadable('kernel'),
    RamdiskId: await loadable('ramdisk'),
  }
  const answer = await it.call(
    'RegisterImage',
    {
      Name: `image-${it.cloud.ids.uuid()}`,
      ImageLocation: await it.upload(image),
      ...(kind === 'machine' && { VirtualizationType: virtualization }),
      ...parts,
      ...parameters,
    },
    as,
  )
  return theText(answer, 'imageId')
}

/** A user's key with its certificate, which no account has yet. */
export const userKey = ({ ids, clock }: Cloud) => certifiedKey('user', ids.uuid().replaceAll('-', ''), clock)

/** The state and the reason of an instance, as DescribeInstances tells them. */
export async function told(it: TestCloud, id: string): Promise<string> {
  const answer = await it.call('DescribeInstances', { 'InstanceId.1': id })
  const [reservation = ''] = items(answer, 'reservationSet')
  const [instance] = items(reservation, 'instancesSet')
  return `${theText(instance, 'instanceState', 'name')} ${theText(instance, 'reason')}`
}

/** Makes a folder for a machine that no instance has. */
export function orphanMachine(cloud: Cloud, id: string): string {
  const { folder } = cloud.files.machine(id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'root.qcow2'), 'nobody knows')
  return folder
}
