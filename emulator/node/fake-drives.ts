import { access, rm } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { diskBytes } from '../disk/size.ts'
import { type Drive, maximumDrives, type SnapshotRequest } from './hypervisor.ts'
import { checkDrive } from './spec-check.ts'

/** The files beneath a layer, its own included. */
const filesOf = (layer: DiskLayer): string[] => [
  layer.file,
  ...(layer.format === 'qcow2' && layer.backing ? filesOf(layer.backing) : []),
]

/** The drives of one fake machine. */
export class FakeDrives {
  readonly #machineId: string
  /** Files that some machine of the hypervisor writes to. */
  readonly #locked: Set<string>
  readonly #drives = new Map<string, Drive>()
  readonly #asked = new Set<string>()

  constructor(machineId: string, locked: Set<string>) {
    this.#machineId = machineId
    this.#locked = locked
  }

  /** Ids of the drives that are in. */
  get ids(): string[] {
    return [...this.#drives.keys()]
  }

  /** Puts a drive in. Throws as `Machine.plug` does. */
  async plug(drive: Drive): Promise<void> {
    checkDrive(this.#machineId, drive)
    for (const file of filesOf(drive)) await access(file)
    if (this.#drives.has(drive.id)) throw new Error(`machine ${this.#machineId} has a drive ${drive.id} already`)
    if (this.#drives.size >= maximumDrives) {
      throw new Error(`machine ${this.#machineId} has no slot left for drive ${drive.id}: ${maximumDrives} are in use`)
    }
    if (this.#locked.has(drive.file)) throw new Error(`another machine holds the lock of ${drive.file}`)
    this.#drives.set(drive.id, drive)
    this.#locked.add(drive.file)
  }

  /** Has a drive write to another layer. Throws when there is no such drive or file. */
  async addLayer(id: string, top: DiskLayer): Promise<void> {
    const { file: before, ...drive } = this.#find(id)
    await access(top.file)
    this.#locked.delete(before)
    this.#locked.add(top.file)
    this.#drives.set(id, { ...drive, ...top })
  }

  /** The files of a drive's layers, deepest first. Throws when there is no such drive. */
  layers(id: string): string[] {
    return filesOf(this.#find(id)).reverse()
  }

  /** Lets go of layers, as no guest wrote anything that would have to go elsewhere. Throws when they are not there. */
  merge(id: string, { base, above }: { base: string; above: readonly string[] }): void {
    const wanted = [base, ...above]
    const below = this.layers(id).slice(0, -1)
    if (above.length === 0 || wanted.some((file, index) => file !== below.slice(-wanted.length)[index])) {
      throw new Error(`drive ${id} does not rest on ${wanted.join(', ')}`)
    }
    const onTop = (backing: DiskLayer | null, file: string): DiskLayer => ({ format: 'qcow2', file, backing })
    this.replaceBase(id, below.filter((file) => !above.includes(file)).reduce(onTop, null))
  }

  /** Has a drive rest on another layer. Throws when there is no such drive. */
  replaceBase(id: string, backing: DiskLayer | null): void {
    const drive = this.#find(id)
    if (drive.format === 'raw') throw new Error(`drive ${id} has no layers`)
    this.#drives.set(id, { ...drive, backing })
  }

  /** Asks the guest to let go of a drive; throws when there is none. */
  ask(id: string): void {
    this.#find(id)
    this.#asked.add(id)
  }

  /** Takes a drive out; does nothing when it is out. */
  remove(id: string): void {
    const drive = this.#drives.get(id)
    if (drive) this.#locked.delete(drive.file)
    this.#drives.delete(id)
    this.#asked.delete(id)
  }

  /** The guest starts anew: what it was asked to let go of is gone. */
  reset(): void {
    for (const id of this.#asked) this.remove(id)
  }

  /** The machine is over. */
  clear(): void {
    for (const id of this.ids) this.remove(id)
  }

  /**
   * Makes the targets: empty disks of the right sizes, as no guest wrote anything. Resolves with their bytes together.
   * Leaves none when it rejects.
   */
  async copy(requests: readonly SnapshotRequest[]): Promise<number> {
    if (requests.length === 0) throw new RangeError('a snapshot is of one drive at least')
    const made: string[] = []
    let total = 0
    try {
      for (const { driveId, target } of requests) {
        const bytes = await diskBytes(this.#find(driveId))
        await createQcow2({ path: target, bytes })
        made.push(target)
        total += bytes
      }
      return total
    } catch (error) {
      for (const file of made) await rm(file)
      throw error
    }
  }

  #find(id: string): Drive {
    const drive = this.#drives.get(id)
    if (!drive) throw new Error(`machine ${this.#machineId} has no drive ${id}`)
    return drive
  }
}
