import type { Fidelity } from '../src/protocol/faults.ts'
import type { Accounts } from './accounts.ts'
import type { ImageRecord } from './ec2/image/image.ts'
import type { InstanceRecord } from './ec2/instance/instance.ts'
import type { KeyPairRecord } from './ec2/keypair/keypair.ts'
import type { Imaging } from './imaging/imaging.ts'
import type { ObjectStore } from './objects/store.ts'
import type { Clock } from './state/clock.ts'
import type { DataFiles } from './state/files.ts'
import type { Ids } from './state/ids.ts'
import type { InstanceType } from './state/settings.ts'
import type { Store } from './state/store.ts'
import type { Table } from './state/table.ts'
import type { Tasks } from './state/tasks.ts'

/** What the owner of the emulator may set; every value has its default in src/settings.ts. */
export interface CloudSettings {
  readonly fidelity: Fidelity
  /** `4xx` answers faults of validation, which Eucalyptus sends as 500, with 400. */
  readonly faultStatus: 'faithful' | '4xx'
  readonly region: string
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
}

/** The machines of the instances. What is asked happens in the background, in order, and shows in the records. */
export interface Machines {
  /** Boots a pending instance: its disks, unless they are there, then its machine. */
  launch(id: string): void
  /** Restarts a running instance from its disks: the power button first, the switch after the grace. */
  reboot(id: string): void
  /** Ends an instance that is shutting down: machine and disks. */
  terminate(id: string): void
  /** The last 64 KiB that its guest wrote on the serial console. */
  console(id: string): Promise<Buffer>
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
  readonly objects: ObjectStore
  readonly imaging: Imaging
  readonly machines: Machines
  /** The query API's own URL, for DescribeRegions. */
  readonly endpoint: () => string
}
