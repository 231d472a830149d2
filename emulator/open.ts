import { networkInterfaces } from 'node:os'
import { type AccessKeyRecord, type Accounts, createAccounts } from './accounts.ts'
import { bundleSource } from './bundle-source.ts'
import { bundleStorage } from './bundle-storage.ts'
import type { CertifiedKey } from './certificate.ts'
import type { Cloud, CloudSettings } from './cloud.ts'
import { administrator, type Credentials, cloudKey } from './credentials.ts'
import { createBundling } from './imaging/bundling.ts'
import { openConversions } from './imaging/convert.ts'
import { plainConvert } from './imaging/convert-fake.ts'
import { createImaging } from './imaging/imaging.ts'
import { removeLeftInstallations } from './installation-folder.ts'
import { createHost, type Host } from './machines/host.ts'
import { metadataFacts } from './machines/metadata-facts.ts'
import { createNetwork } from './machines/network.ts'
import { createDisks } from './machines/volumes.ts'
import { openAddressPool } from './network/address-pool.ts'
import { hostSockets } from './network/nat/host-sockets.ts'
import { guarded, type Outside } from './network/nat/outside.ts'
import { reachable } from './network/nat/reach.ts'
import type { Hypervisor } from './node/hypervisor.ts'
import { runLifecycles } from './objects/lifecycle-run.ts'
import { openObjectStore, type StoreLayers } from './objects/store.ts'
import { type Seams, unchanged } from './seams.ts'
import { createSessions } from './sessions.ts'
import type { Clock } from './state/clock.ts'
import { type DataFiles, dataFiles, privateFolder } from './state/files.ts'
import { randomIds } from './state/ids.ts'
import { lockDataFolder } from './state/lock.ts'
import { openStore, type Store } from './state/store.ts'
import { table } from './state/table.ts'
import { createTasks } from './state/tasks.ts'
import { emptyCommit } from './storage/fake.ts'
import type { FlatCopy } from './storage/flat-copy.ts'
import { openStorage } from './storage/storage.ts'

/** A cloud with its state open, and what belongs to the one who opened it. */
export interface OpenCloud {
  readonly cloud: Cloud
  readonly host: Host
  readonly credentials: Credentials
  /** The cloud's certificate, PEM. */
  readonly certificate: string
  /** Writes and closes all state, and lets go of the data folder. The host must be down. */
  close(): Promise<void>
}

/** What a cloud is opened with. */
export interface CloudToOpen {
  readonly settings: CloudSettings
  /** The data folder, absolute; made when it is missing. */
  readonly data: string
  readonly clock: Clock
  readonly hypervisor: (files: DataFiles) => Hypervisor
  /** How volumes are copied, in place of qemu-img: a hypervisor that boots nothing writes nothing that could be copied. Imports then take raw files only. */
  readonly copyDisk?: FlatCopy
  /** The query API's own URL. */
  readonly endpoint: () => string
  /** Whether records and objects are on disk when a change is answered; they are unless told otherwise. */
  readonly durable?: boolean
  /** What Object Storage writes by, in place of the system's files. */
  readonly objectLayers?: StoreLayers
  /** What is put around the engines. */
  readonly seams?: Seams
}

/** What instances reach beyond their network: nothing unless it was asked for. */
function outsideOf({ guestNet, guestNetAllow }: CloudSettings): Outside | undefined {
  return guestNet === 'nat' ? guarded(hostSockets(), reachable(networkInterfaces, guestNetAllow)) : undefined
}

/** What stands in for QEMU's tools where disks hold nothing. */
const emptyDisks = (copy: FlatCopy | undefined) => copy && { copy, commit: emptyCommit }

/** The records of the cloud, by kind. */
const tables = (store: Store) =>
  ({
    images: table(store, 'images'),
    instances: table(store, 'instances'),
    keyPairs: table(store, 'keyPairs'),
    groups: table(store, 'securityGroups'),
    addresses: table(store, 'addresses'),
    volumes: table(store, 'volumes'),
    snapshots: table(store, 'snapshots'),
    bundleTasks: table(store, 'bundleTasks'),
    conversionTasks: table(store, 'conversionTasks'),
    importTasks: table(store, 'importTasks'),
    exportTasks: table(store, 'exportTasks'),
    tags: table(store, 'tags'),
    roles: table(store, 'roles'),
    instanceProfiles: table(store, 'instanceProfiles'),
  }) satisfies Partial<Cloud>

/** Whose signatures a manifest of an account may bear, if it has any: what the node bundles the cloud's key has signed. */
function signersOf(accounts: Accounts, { certificate }: CertifiedKey, accountId: string): string[] {
  const own = accounts.certificates(accountId)
  return own.length ? [...own, certificate] : []
}

const opened = (files: DataFiles, { clock, durable = true, objectLayers }: CloudToOpen) =>
  Promise.all([
    openStore(files.records, { durable }),
    openObjectStore({ folder: files.objects, clock, durable, ...(objectLayers && { layers: objectLayers }) }),
    cloudKey(files, clock),
  ])

/** The first access key of an account. */
const firstKeyIn = (store: Store) => (accountId: string) =>
  table<AccessKeyRecord>(store, 'accessKeys')
    .list()
    .find((one) => one.accountId === accountId)

/** The imaging service of a cloud. */
const imagingOf = (
  { objects, accounts, files, clock }: Pick<Cloud, 'objects' | 'accounts' | 'files' | 'clock'>,
  key: CertifiedKey,
) =>
  createImaging({
    objects: bundleSource(objects),
    folder: files.images,
    cloudPrivateKey: async () => key.privateKey,
    certificatesOf: (accountId) => signersOf(accounts, key, accountId),
    clock,
    limits: { largestImage: 30 * 2 ** 30, unpackMilliseconds: 60 * 60_000 },
  })

/** Opens the state in the data folder and builds the cloud on it. Throws DataFolderInUse and DamagedRecords. */
export async function openCloud(options: CloudToOpen): Promise<OpenCloud> {
  const { settings, data, clock, hypervisor, copyDisk, endpoint, seams = unchanged } = options
  // The documentation of Eucalyptus prints 8 digits everywhere; AWS has 17.
  const ids = randomIds(settings.fidelity === 'aws' ? 17 : 8)
  const files = dataFiles(data)
  await privateFolder(files.data)
  const unlock = lockDataFolder(files.lock)
  try {
    await privateFolder(files.machines)
    await removeLeftInstallations(files.data)
    const [store, openObjects, key] = await opened(files, options)
    const objects = seams.engine('objects', openObjects)
    const accounts = seams.engine('accounts', createAccounts(store, ids, clock))
    const { credentials } = await administrator(accounts, files, firstKeyIn(store))
    const imaging = seams.engine('imaging', await imagingOf({ objects, accounts, files, clock }, key))
    const storage = seams.engine('storage', await openStorage({ folder: files.storage, ...emptyDisks(copyDisk) }))
    const converting = await openConversions({ folder: files.conversions, ...(copyDisk && { convert: plainConvert }) })
    const metadata = seams.engine('metadata', metadataFacts)
    const source = { ...key, facts: (id: string) => metadata(cloud, id) }
    const network = seams.engine(
      'network',
      createNetwork(() => cloud, await openAddressPool(data), clock, settings, source, outsideOf(settings)),
    )
    const bundling = createBundling(
      bundleStorage(() => cloud),
      key,
    )
    const host: Host = createHost(() => cloud, seams.engine('hypervisor', hypervisor(files)), network)
    const cloud: Cloud = {
      settings,
      clock,
      ids,
      store,
      files,
      accounts,
      sessions: createSessions(key.privateKey, settings.fidelity),
      certificate: key.certificate,
      bundling: seams.engine('bundling', bundling),
      objects,
      imaging,
      conversions: seams.engine('conversions', converting),
      tasks: createTasks((name, error) => console.error(`${name}:`, error)),
      ...tables(store),
      storage,
      machines: seams.engine('machines', host),
      disks: seams.engine('disks', createDisks(host)),
      network,
      endpoint,
    }
    const stopLifecycles = runLifecycles({ objects, clock, day: settings.lifecycleDay })
    const finish = async () => {
      await stopLifecycles()
      await network.close()
      await store.close()
      await objects.close()
      unlock()
    }
    let closed: Promise<void> | undefined
    const close = () => {
      // Once only: what the lock's number names after it was let go is somebody else's file.
      closed ??= finish()
      return closed
    }
    return { cloud, host, credentials, certificate: key.certificate, close }
  } catch (error) {
    unlock()
    throw error
  }
}
