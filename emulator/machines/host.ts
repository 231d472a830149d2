import { readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Cloud, Machines } from '../cloud.ts'
import { moveInstance } from '../ec2/instance/instance.ts'
import { resumeTasks } from '../ec2/task/resume.ts'
import { readConsole } from '../node/console.ts'
import type { Hypervisor, Machine } from '../node/hypervisor.ts'
import { type Serial, serial } from '../state/serial.ts'
import { type BootQueue, bootQueue } from './boot-queue.ts'
import { bundleInstance, bundlingUp, cancelBundling } from './bundling.ts'
import { followConsole, typeOnConsole } from './console.ts'
import { boot, end, restart, shutDown, stop } from './launch.ts'
import type { HostNetwork } from './network.ts'
import { screenshot } from './screenshot.ts'
import { sweepTemplates } from './templates.ts'
import { disksUp } from './volumes.ts'

/** A running machine, and whether the cloud itself is ending it, so that its end is not taken for the guest's doing. */
export interface RunningMachine {
  readonly machine: Machine
  /** Set before the machine is ended on purpose. */
  endExpected: boolean
}

/** The host that carries the instances' machines. */
export interface Host extends Machines {
  readonly cloud: Cloud
  readonly hypervisor: Hypervisor
  readonly network: HostNetwork
  /** The machines that run now, by instance id. */
  readonly running: Map<string, RunningMachine>
  /** Breaks off the launch, the reboot or the stop of an instance that is to end or to stop at once. */
  readonly underWay: Map<string, AbortController>
  /** Breaks off the upload of a bundle task, by its id. */
  readonly bundling: Map<string, AbortController>
  /** Launch, reboot and end of one instance follow each other. */
  readonly inTurn: Serial
  /** Boots wait for a free core: twenty at once end no sooner, and the first of them much later (node.md section 8). */
  readonly boots: BootQueue
}

/** Makes the host of a cloud; `cloud` is read when something is asked, as the cloud itself holds the host. */
export function createHost(cloud: () => Cloud, hypervisor: Hypervisor, network: HostNetwork): Host {
  const host: Host = {
    get cloud() {
      return cloud()
    },
    hypervisor,
    network,
    running: new Map(),
    underWay: new Map(),
    bundling: new Map(),
    inTurn: serial(),
    boots: bootQueue(availableParallelism()),
    launch(id) {
      cloud().tasks.start(`launch ${id}`, (stopping) => host.inTurn.run(id, () => boot(host, id, stopping)))
    },
    reboot(id) {
      cloud().tasks.start(`reboot ${id}`, (stopping) => host.inTurn.run(id, () => restart(host, id, stopping)))
    },
    terminate(id) {
      host.underWay.get(id)?.abort(new Error(`${id} is terminated`))
      cloud().tasks.start(`end ${id}`, () => soon(host, id, () => end(host, id, { kind: 'user' })))
    },
    stop(id, force) {
      host.underWay.get(id)?.abort(new Error(`${id} is stopped`))
      const inTurn = (job: () => Promise<void>) => (force ? soon(host, id, job) : host.inTurn.run(id, job))
      cloud().tasks.start(`stop ${id}`, (stopping) => inTurn(() => stop(host, id, force, stopping)))
    },
    bundle(id) {
      cloud().tasks.start(`bundle ${id}`, (stopping) => bundleInstance(host, id, stopping))
    },
    cancelBundle: (id) => cancelBundling(host, id),
    runs: (id) => host.running.has(id),
    console: (id) => readConsole(cloud().files.machine(id).console),
    follow: (id, live, signal) => followConsole(host, id, live, signal),
    screenshot: (id) => screenshot(host, id),
    vnc: (id) => host.running.get(id)?.machine.vnc,
    type: (id, bytes) => typeOnConsole(host, id, bytes),
  }
  return host
}

/** How long the end of an instance waits for its turn, in ms. */
const turnLimit = 10_000

/**
 * Runs what ends a machine in its instance's turn. What does not come to its end before is broken off by the end of the
 * machine: it may wait for one that hangs.
 */
async function soon(host: Host, id: string, job: () => Promise<void>): Promise<void> {
  const begun = new AbortController()
  const hasBegun = host.cloud.clock.sleep(turnLimit, begun.signal).then(
    () => false,
    () => true,
  )
  const endMachine = async () => {
    const running = host.running.get(id)
    if (!running || (await hasBegun)) return
    running.endExpected = true
    await running.machine.end()
  }
  const inTurn = host.inTurn.run(id, () => {
    begun.abort()
    return job()
  })
  await Promise.all([inTurn, endMachine()])
}

/**
 * Brings the instances back as a host does that comes up again: those that ran boot from their disks, those that were
 * starting start, those that were ending end; folders that belong to no instance go.
 */
export async function hostUp(host: Host): Promise<void> {
  const { cloud } = host
  await host.network.adopt()
  await disksUp(host)
  await bundlingUp(host)
  for (const { id, state } of cloud.instances.list()) {
    if (state === 'running') await cloud.store.change((draft) => moveInstance(cloud, draft, id, 'hostDown'))
    if (state === 'running' || state === 'pending') host.launch(id)
    if (state === 'shutting-down') host.terminate(id)
    if (state === 'stopping') host.stop(id, true)
  }
  for (const name of await readdir(cloud.files.machines)) {
    const state = cloud.instances.get(name)?.state
    if (state === undefined || state === 'terminated') {
      await rm(join(cloud.files.machines, name), { recursive: true, force: true })
    }
  }
  await sweepTemplates(cloud)
  resumeTasks(cloud)
}

/**
 * Takes the host down: the power button for every guest, up to the stop grace (or until `hurry`), then the machines end.
 * Disks and records stay as they are, so the next `hostUp` boots them again.
 */
export async function hostDown(host: Host, hurry: AbortSignal): Promise<void> {
  const { clock, tasks, settings } = host.cloud
  const { stopGrace } = settings
  const stopped = new AbortController()
  // A task may wait for a machine that hangs, and for its end then.
  const patience = AbortSignal.any([hurry, stopped.signal])
  const isOver = clock.sleep(stopGrace, patience).catch(() => undefined)
  const closed = isOver.then(() => (stopped.signal.aborted ? undefined : host.hypervisor.close()))
  // From now on no task begins, so that the end of a machine does not end its instance.
  await tasks.stop()
  stopped.abort()
  await closed
  await Promise.all([...host.running.values()].map(({ machine }) => shutDown(host, machine, stopGrace, hurry)))
  await host.hypervisor.close()
}
