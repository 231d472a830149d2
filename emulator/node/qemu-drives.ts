import type { DiskLayer } from '../disk/layer.ts'
import { diskBytes } from '../disk/size.ts'
import type { Clock } from '../state/clock.ts'
import { untilAborted } from '../state/until-aborted.ts'
import { type BlockNode, driveDevice, driveNodes, layerNodes } from './block-nodes.ts'
import { type Drive, type MachineSpec, maximumDrives, type Unplugging } from './hypervisor.ts'
import { type LayeredDrive, LayerMerges, stopMerging } from './qemu-merge.ts'
import { type Qmp, QmpError, type QmpEvent } from './qmp.ts'
import { checkDrive } from './spec-check.ts'

/** How long a guest has to let go of a drive when nothing else is said, in ms. */
const defaultPatience = 10_000

/** How long QEMU may take to answer, in ms: one that does not by then hangs. */
const answerLimit = 30_000

/** A disk in one of the machine's slots. */
interface Slot extends LayeredDrive {
  /** QEMU's name of the device; never used twice, as a guest may keep an old device while its drive comes back. */
  device: string
  /** `lost`: taken away by force; the guest still has the device, with nothing but errors behind it. */
  state: 'coming' | 'in' | 'lost'
  /** True once the guest was asked to let go. */
  isAsked: boolean
  /** Copies in the making, which keep the nodes open. */
  copies: Set<Promise<unknown>>
  /** Resolves when the guest has let go and the nodes are closed; rejects when the machine ends first. */
  gone: Promise<void>
  settle: (result: Promise<void>) => void
  fail: (error: Error) => void
}

function makeSlot(drive: Drive, device: string, state: Slot['state'], nodes: BlockNode[] = []): Slot {
  let settle: Slot['settle'] = () => undefined
  let fail: Slot['fail'] = () => undefined
  const gone = new Promise<void>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  // Whoever unplugs the drive is told; nobody has to.
  gone.catch(() => undefined)
  const top = driveNodes(drive).at(-1)
  const idle = { isAsked: false, copies: new Set<Promise<unknown>>(), merging: undefined }
  return { drive, device, state, top, nodes, ...idle, gone, settle, fail }
}

const nodeNames = (nodes: readonly BlockNode[]) => nodes.map((node) => node['node-name'])

/** The drives of a running QEMU: what is in, and how more come and go. */
export class QemuDrives {
  readonly #machineId: string
  readonly #qmp: Qmp
  readonly #clock: Clock
  readonly #slots = new Set<Slot>()
  #lastNumber = 0
  /** Merges of the layers of drives, which all else that is done to a drive breaks off. */
  readonly merges: LayerMerges

  constructor(spec: MachineSpec, qmp: Qmp, clock: Clock) {
    this.#machineId = spec.id
    this.#qmp = qmp
    this.#clock = clock
    const [open, close] = [this.#open.bind(this), this.#close.bind(this)]
    this.merges = new LayerMerges({ qmp, open, close, find: (id) => this.#find(id), next: () => ++this.#lastNumber })
    for (const drive of spec.drives) {
      this.#slots.add(makeSlot(drive, driveDevice(drive).id, 'in', driveNodes(drive).reverse()))
    }
    qmp.listen((event) => this.#take(event))
    void qmp.closed.then(() => {
      for (const { fail } of this.#slots) fail(new Error(`machine ${spec.id} has ended`))
    })
  }

  /** Ids of the drives whose files QEMU holds. */
  get ids(): string[] {
    return [...this.#slots].filter(({ state }) => state === 'in').map(({ drive }) => drive.id)
  }

  /** The drive with this id. Throws when the machine has none. */
  get(id: string): Drive {
    return this.#find(id).drive
  }

  /** The name of the node on which a drive's device is. Throws when the machine has none. */
  nodeOf(id: string): string {
    return this.#find(id).top?.['node-name'] ?? id
  }

  /** The id of the drive whose device is on the node of this name; undefined where there is none. */
  on(node: string): string | undefined {
    return [...this.#slots].find(({ top }) => top?.['node-name'] === node)?.drive.id
  }

  /** Keeps a drive's files open, also when the guest lets go of it, until the copy is made or has failed. */
  copying(id: string, copy: Promise<unknown>): void {
    const { copies } = this.#find(id)
    copies.add(copy)
    const over = () => void copies.delete(copy)
    copy.then(over, over)
  }

  /** Resolves when no copy is in the making; never rejects. */
  async copied(): Promise<void> {
    const slots = [...this.#slots]
    await Promise.allSettled([...slots.map(stopMerging), ...slots.flatMap(({ copies }) => [...copies])])
  }

  /** See `Machine.plug`. */
  async plug(drive: Drive): Promise<void> {
    checkDrive(this.#machineId, drive)
    const isTaken = [...this.#slots].some(({ state, drive: { id } }) => state !== 'lost' && id === drive.id)
    if (isTaken) throw new Error(`machine ${this.#machineId} has a drive ${drive.id} already`)
    if (this.#slots.size >= maximumDrives) {
      throw new Error(`machine ${this.#machineId} has no slot left for drive ${drive.id}: ${maximumDrives} are in use`)
    }
    const slot = makeSlot(drive, `${driveDevice(drive).id}-${++this.#lastNumber}`, 'coming')
    this.#slots.add(slot)
    const isIn = this.#bring(slot)
    try {
      await this.#within(answerLimit, isIn)
    } catch (error) {
      // QEMU may yet do what it was told, when nobody counts on it any more.
      isIn.then(() => this.unplug(drive.id, { force: true })).catch(() => undefined)
      throw error
    }
  }

  async #bring(slot: Slot): Promise<void> {
    const { drive, device, nodes } = slot
    try {
      await this.#open(driveNodes(drive), nodes)
      await this.#qmp.execute('device_add', driveDevice(drive, device))
      slot.state = 'in'
    } catch (error) {
      // The first error counts; a connection that has closed lets nothing be tidied up, and need not.
      await this.#close(nodeNames(nodes)).catch(() => undefined)
      this.#slots.delete(slot)
      const reason = error instanceof Error ? error.message : error
      throw new Error(`machine ${this.#machineId} does not take drive ${drive.id}: ${reason}`, { cause: error })
    }
  }

  /** See `Machine.addLayer`. */
  async addLayer(id: string, layer: DiskLayer): Promise<void> {
    const added = this.#layOver(this.#find(id), layer)
    // A machine that is to end finishes this first, too.
    this.copying(id, added)
    await added
  }

  async #layOver(slot: Slot, { file, ...layer }: DiskLayer): Promise<void> {
    await stopMerging(slot)
    const { drive, top: below } = slot
    const { id } = drive
    if (!below || layer.format !== 'qcow2') throw new Error(`drive ${id} takes no layer`)
    const name = `${id}-l${++this.#lastNumber}`
    const nodes = layerNodes(
      name,
      { format: 'qcow2', file, backing: null },
      { readOnly: false, durable: drive.durable },
    )
    const [base, opened]: [string, BlockNode[]] = [below['node-name'], []]
    try {
      await this.#open(nodes, opened)
      // Flushes what is below first.
      await this.#qmp.execute('blockdev-snapshot', { node: base, overlay: name })
    } catch (error) {
      await this.#close(nodeNames(opened)).catch(() => undefined)
      throw error
    }
    slot.nodes.unshift(...opened)
    slot.top = { ...(nodes.at(-1) ?? below), backing: base }
    slot.drive = { ...drive, format: 'qcow2', file, backing: layer.backing }
    // Only a node that is read-only gives up its lock on the file.
    await this.#qmp.execute('blockdev-reopen', { options: [{ ...below, 'read-only': true, discard: 'ignore' }] })
  }

  /** See `Machine.unplug`. */
  async unplug(
    id: string,
    { patience = defaultPatience, force = false, signal }: Unplugging,
  ): Promise<'unplugged' | 'busy'> {
    const slot = this.#find(id)
    signal?.throwIfAborted()
    // A guest has not let go either when QEMU hangs and does not even take the question.
    const gone = this.#ask(slot).then(() => slot.gone)
    if (await this.#isOverWithin(patience, gone, signal)) return 'unplugged'
    if (!force) return 'busy'
    const takenAway = this.#takeAway(slot)
    const released = takenAway.then((nodes) => (nodes ? this.#release(slot, nodes) : slot.gone))
    // It is also released when nobody waits for that any more.
    released.catch(() => undefined)
    await this.#within(answerLimit, takenAway, signal)
    await untilAborted(released, signal)
    return 'unplugged'
  }

  #find(id: string): Slot {
    const found = [...this.#slots].find(({ drive, state }) => state === 'in' && drive.id === id)
    if (!found) throw new Error(`machine ${this.#machineId} has no drive ${id}`)
    return found
  }

  /** Opens nodes one after the other; `opened` holds at each moment what has to be closed, in its order. */
  async #open(nodes: BlockNode[], opened: BlockNode[]): Promise<void> {
    for (const node of nodes) {
      await this.#qmp.execute('blockdev-add', node)
      opened.unshift(node)
    }
  }

  async #close(nodes: string[]): Promise<void> {
    for (const node of nodes) await this.#qmp.execute('blockdev-del', { 'node-name': node })
  }

  /** A device is reported deleted twice, first a part of it that has no id. */
  #take({ event, data }: QmpEvent): void {
    if (event !== 'DEVICE_DELETED') return
    const slot = [...this.#slots].find(({ device }) => device === data['device'])
    slot?.settle(this.#free(slot))
  }

  async #free(slot: Slot): Promise<void> {
    await Promise.allSettled([stopMerging(slot), ...slot.copies])
    await this.#close(nodeNames(slot.nodes))
    this.#slots.delete(slot)
  }

  async #ask(slot: Slot): Promise<void> {
    const wasAsked = slot.isAsked
    slot.isAsked = true
    try {
      await this.#qmp.execute('device_del', { id: slot.device })
    } catch (error) {
      // It has just let go; or it was asked before and has not answered, which QEMU 7.2 does not let us repeat.
      const isUnderWay = error instanceof QmpError && (wasAsked || error.kind === 'DeviceNotFound')
      if (!isUnderWay) throw error
    }
  }

  async #isOverWithin(limit: number, job: Promise<unknown>, signal?: AbortSignal): Promise<boolean> {
    const over = new AbortController()
    const ends = signal ? AbortSignal.any([signal, over.signal]) : over.signal
    try {
      return await Promise.race([job.then(() => true), this.#clock.sleep(limit, ends).then(() => false)])
    } finally {
      over.abort()
    }
  }

  /** What comes of a job that QEMU has this many ms for. */
  async #within<Result>(limit: number, job: Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (await this.#isOverWithin(limit, job, signal)) return job
    throw new Error(`machine ${this.#machineId} does not answer`)
  }

  /**
   * Puts a node on which everything fails in the drive's place. The device stays until the guest lets go or is reset: QEMU
   * pulls no PCI device from under a running guest. Resolves with the drive's own nodes, which are to be released, or with
   * undefined when the guest has let go at the last moment.
   */
  async #takeAway(slot: Slot): Promise<BlockNode[] | undefined> {
    await stopMerging(slot)
    const name = `lost-${++this.#lastNumber}`
    const nothing = { driver: 'null-co', 'node-name': `${name}-f`, size: await diskBytes(slot.drive) }
    const broken = { driver: 'blkdebug', 'node-name': name, image: `${name}-f`, 'inject-error': [{ event: 'none' }] }
    const stand: BlockNode[] = []
    await this.#open([nothing, broken], stand)
    try {
      const path = `/machine/peripheral/${slot.device}`
      await this.#qmp.execute('qom-set', { path, property: 'drive', value: name })
    } catch (error) {
      await this.#close(nodeNames(stand))
      // Its copies go on.
      if (error instanceof QmpError && error.kind === 'DeviceNotFound') return undefined
      throw error
    }
    return slot.nodes.splice(0, slot.nodes.length, ...stand)
  }

  /** Closes the nodes of a drive that was taken away, once its copies are made. */
  async #release(slot: Slot, nodes: BlockNode[]): Promise<void> {
    await Promise.allSettled(slot.copies)
    await this.#close(nodeNames(nodes))
    slot.state = 'lost'
  }
}
