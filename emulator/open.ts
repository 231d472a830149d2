import { networkInterfaces } from 'node:os'
import { type AccessKeyRecord, createAccounts } from './accounts.ts'
import { bundleSource } from './bundle-source.ts'
import type { Cloud, CloudSettings } from './cloud.ts'
import { administrator, type Credentials, cloudKey } from './credentials.ts'
import { createImaging } from './imaging/imaging.ts'
import { createHost, type Host } from './machines/host.ts'
import { createNetwork } from './machines/network.ts'
import { createDisks } from './machines/volumes.ts'
import { openAddressPool } from './network/address-pool.ts'
import { hostSockets } from './network/nat/host-sockets.ts'
import { guarded, type Outside } from './network/nat/outside.ts'
import { reachable } from './network/nat/reach.ts'
import type { Hypervisor } from './node/hypervisor.ts'
import { openObjectStore } from './objects/store.ts'
import type { Clock } from './state/clock.ts'
import { type DataFiles, dataFiles, privateFolder } from './state/files.ts'
import { randomIds } from './state/ids.ts'
import { lockDataFolder } from './state/lock.ts'
import { openStore, type Store } from './state/store.ts'
import { table } from './state/table.ts'
import { createTasks } from './state/tasks.ts'
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
  /** How volumes are copied, in place of qemu-img: a hypervisor that boots nothing writes nothing that could be copied. */
  readonly copyDisk?: FlatCopy
  /** The query API's own URL. */
  readonly endpoint: () => string
}

/** What instances reach beyond their network: nothing unless it was asked for. */
function outsideOf({ guestNet, guestNetAllow }: CloudSettings): Outside | undefined {
  return guestNet === 'nat' ? guarded(hostSockets(), reachable(networkInterfaces, guestNetAllow)) : undefined
}

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
  }) satisfies Partial<Cloud>

/** Opens the state in the data folder and builds the cloud on it. Throws DataFolderInUse and DamagedRecords. */
export async function openCloud(options: CloudToOpen): Promise<OpenCloud> {
  const { settings, data, clock, hypervisor, copyDisk, endpoint } = options
  // The documentation of Eucalyptus prints 8 digits everywhere; AWS has 17.
  const ids = randomIds(settings.fidelity === 'aws' ? 17 : 8)
  const files = dataFiles(data)
  await privateFolder(files.data)
  const unlock = lockDataFolder(files.lock)
  try {
    await privateFolder(files.machines)
    const [store, objects, key] = await Promise.all([
      openStore(files.records),
      openObjectStore({ folder: files.objects, clock }),
      cloudKey(files, clock),
    ])
    const accounts = createAccounts(store, ids, clock)
    const accessKeys = table<AccessKeyRecord>(store, 'accessKeys')
    const { credentials } = await administrator(accounts, files, (accountId) =>
      accessKeys.list().find((one) => one.accountId === accountId),
    )
    const imaging = await createImaging({
      objects: bundleSource(objects),
      folder: files.images,
      cloudPrivateKey: async () => key.privateKey,
      certificatesOf: (accountId) => accounts.certificates(accountId),
      clock,
      limits: { largestImage: 30 * 2 ** 30, unpackMilliseconds: 60 * 60_000 },
    })
    const storage = await openStorage({ folder: files.storage, ...(copyDisk && { copy: copyDisk }) })
    const network = createNetwork(() => cloud, await openAddressPool(data), clock, settings, key, outsideOf(settings))
    const host: Host = createHost(() => cloud, hypervisor(files), network)
    const cloud: Cloud = {
      settings,
      clock,
      ids,
      store,
      files,
      accounts,
      objects,
      imaging,
      tasks: createTasks((name, error) => console.error(`${name}:`, error)),
      ...tables(store),
      storage,
      machines: host,
      disks: createDisks(host),
      network,
      endpoint,
    }
    const finish = async () => {
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
