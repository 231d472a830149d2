import type { Fidelity } from '../src/protocol/faults.ts'
import type { Accounts } from './accounts.ts'
import type { AddressRecord } from './ec2/address/address.ts'
import type { SecurityGroupRecord } from './ec2/group/group.ts'
import type { ImageRecord } from './ec2/image/image.ts'
import type { InstanceNetwork, InstanceRecord } from './ec2/instance/instance.ts'
import type { KeyPairRecord } from './ec2/keypair/keypair.ts'
import type { SnapshotRecord } from './ec2/snapshot/snapshot.ts'
import type { TagsRecord } from './ec2/tag/tags.ts'
import type { BundleTaskRecord } from './ec2/task/bundle-task.ts'
import type { ConversionTaskRecord } from './ec2/task/conversion.ts'
import type { ExportTaskRecord } from './ec2/task/export-task.ts'
import type { ImportTaskRecord } from './ec2/task/import-task.ts'
import type { VolumeRecord } from './ec2/volume/volume.ts'
import type { InstanceProfileRecord } from './iam/profile/profile.ts'
import type { RoleRecord } from './iam/role/role.ts'
import type { Bundling } from './imaging/bundling.ts'
import type { Conversions } from './imaging/convert.ts'
import type { Imaging } from './imaging/imaging.ts'
import type { ObjectStore } from './objects/store.ts'
import type { Sessions } from './sessions.ts'
import type { Clock } from './state/clock.ts'
import type { DataFiles } from './state/files.ts'
import type { Ids } from './state/ids.ts'
import type { InstanceType } from './state/settings.ts'
import type { Store } from './state/store.ts'
import type { Table } from './state/table.ts'
import type { Tasks } from './state/tasks.ts'
import type { Storage } from './storage/storage.ts'

/** What the owner of the emulator may set; every value has its default in src/settings.ts. */
export interface CloudSettings {
  readonly fidelity: Fidelity
  /** `4xx` answers faults of validation, which Eucalyptus sends as 500, with 400. */
  readonly faultStatus: 'faithful' | '4xx'
  readonly region: string
  /** Whether somebody has named the region: in `aws` signatures for Object Storage must name the same then. */
  readonly regionIsNamed?: boolean
  readonly zone: string
  readonly instanceTypes: readonly InstanceType[]
  readonly defaultInstanceType: string
  /** vCPUs that may be promised for each core of the host. */
  readonly cpuOvercommit: number
  /** MiB of guest memory that may be promised in all. */
  readonly memoryMiB: number
  /** Milliseconds that a guest has to shut down before it is switched off: at a reboot, and at a stop of the emulator. */
  readonly shutdownGrace: number
  readonly stopGrace: number
  /** TCP ports of public addresses that are listened for when security groups open them. */
  readonly publicPorts: readonly number[]
  /** Whether instances reach what is beyond their network: not at all, or by sockets of the host. */
  readonly guestNet: 'off' | 'nat'
  /** Ranges of private networks, and of those around the host, that they reach then, such as `192.168.7.0/24`. */
  readonly guestNetAllow: readonly string[]
  /** Milliseconds that rules of Object Storage's lifecycles mean by a day. */
  readonly lifecycleDay: number
}

/** The machines of the instances. What is asked happens in the background, in order, and shows in the records. */
export interface Machines {
  /** Boots a pending instance: its disks, unless they are there, then its machine. */
  launch(id: string): void
  /** Restarts a running instance from its disks: the power button first, the switch after the grace. */
  reboot(id: string): void
  /** Ends an instance that is shutting down: machine, disks, and what becomes of its volumes. */
  terminate(id: string): void
  /** Ends the machine of an instance that is stopping; `force` without asking the guest. */
  stop(id: string, force: boolean): void
  /** Bundles the disk of a task's instance, which is shut down for that and started again. */
  bundle(taskId: string): void
  /** Breaks off the upload of a bundle task that is to be cancelled. */
  cancelBundle(taskId: string): void
  /** Whether the machine of an instance runs. */
  runs(id: string): boolean
  /** The last 64 KiB that its guest wrote on the serial console. */
  console(id: string): Promise<Buffer>
  /**
   * All that its guest wrote on the serial console since the last reboot or, `live`, the last 64 KiB and what follows until
   * the instance has ended or stopped, or `signal` is aborted.
   */
  follow(id: string, live: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void>
  /** What its screen shows as JPEG, or its console where it has no screen. */
  screenshot(id: string): Promise<Buffer>
  /** The socket for a VNC client; undefined for one without a screen, or that is off. */
  vnc(id: string): string | undefined
  /** Types on the serial console. */
  type(id: string, bytes: Uint8Array): Typed
}

/** What became of what was typed: `off` as no machine runs, `full` as the guest has not read what was typed before. */
export type Typed = 'typed' | 'off' | 'full'

/** The network of the instances. */
export interface CloudNetwork {
  /** A place for a new instance, beside those that are there; its public address is taken until the instance ends. */
  place(id: string, instances: readonly InstanceRecord[]): InstanceNetwork
  /** All addresses that instances and accounts may have, in order. */
  publicPool(): readonly string[]
  /**
   * The public address of an owner, an instance or an allocation: the one it has, the wanted one if that is free, or any.
   * Throws when none is free.
   */
  takeAddress(owner: string, wanted?: string): string
  /** Frees the public address of an owner; nothing when it has none. */
  giveBack(owner: string): void
  /** Instances have other public addresses than before: they are reached there, and no longer where they were. */
  addressesMoved(): void
  /** Whether the guest of an instance has sent anything since its machine was started. */
  hasHeard(id: string): boolean
  /** Rules of security groups have changed: what they no longer allow ends, what they open is listened for. */
  rulesChanged(): void
  /** Where each open port of a public address, or of all, is really listened for. */
  listening(address?: string): readonly Reached[]
  /** Where the public addresses come from, and which ports have to be stood in for on this host, with the reason. */
  publicAddresses(): Promise<{
    readonly network: string
    readonly standIns: readonly { port: number; reason: string }[]
  }>
}

/** A port of a public address, and where the host listens for it; `reason` when another port stands in. */
export interface Reached {
  readonly address: string
  readonly port: number
  readonly boundAddress: string
  readonly boundPort: number
  readonly reason: string | undefined
}

/** The disks of volumes and snapshots. What is asked happens in the background, in order, and shows in the records. */
export interface Disks {
  /** Makes the disk of a volume that is being created. */
  create(volumeId: string): void
  /** Removes the disk of a volume that is being deleted. */
  remove(volumeId: string): void
  /** Plugs an attaching volume into its instance's running machine; it is available again when that cannot be. */
  plug(volumeId: string): void
  /** Takes a detaching volume out of its instance's machine. */
  unplug(volumeId: string, force: boolean): void
  /** Copies a volume as it is now into a pending snapshot. */
  snapshot(snapshotId: string): void
  /** Takes the snapshots of a pending image of an instance, which is then available. */
  createImage(imageId: string): void
  /** Copies the snapshots or the bundle of the image that a pending one is a copy of, which is then available. */
  copyImage(imageId: string): void
  /** Removes the disk of a snapshot whose record is gone. */
  removeSnapshot(snapshotId: string): void
  /** Merges the layers of volumes and snapshots that nobody needs apart any more. */
  mergeLayers(): void
}

/** The whole emulated system: everything that an operation may touch. */
export interface Cloud {
  readonly settings: CloudSettings
  readonly clock: Clock
  readonly ids: Ids
  readonly tasks: Tasks
  readonly store: Store
  readonly files: DataFiles
  readonly accounts: Accounts
  readonly images: Table<ImageRecord>
  readonly instances: Table<InstanceRecord>
  readonly keyPairs: Table<KeyPairRecord>
  readonly groups: Table<SecurityGroupRecord>
  readonly addresses: Table<AddressRecord>
  readonly volumes: Table<VolumeRecord>
  readonly snapshots: Table<SnapshotRecord>
  readonly conversionTasks: Table<ConversionTaskRecord>
  readonly importTasks: Table<ImportTaskRecord>
  readonly exportTasks: Table<ExportTaskRecord>
  readonly tags: Table<TagsRecord>
  readonly roles: Table<RoleRecord>
  readonly instanceProfiles: Table<InstanceProfileRecord>
  readonly sessions: Sessions
  /** The cloud's own certificate, PEM: bundles are encrypted for its key. */
  readonly certificate: string
  readonly bundleTasks: Table<BundleTaskRecord>
  readonly bundling: Bundling
  readonly objects: ObjectStore
  readonly imaging: Imaging
  readonly conversions: Conversions
  readonly storage: Storage
  readonly machines: Machines
  readonly disks: Disks
  readonly network: CloudNetwork
  /** The query API's own URL, for DescribeRegions. */
  readonly endpoint: () => string
}
