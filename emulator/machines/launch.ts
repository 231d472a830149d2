import { rename, rm } from 'node:fs/promises'
import { type Ending, forgetEnded, type InstanceRecord, moveInstance } from '../ec2/instance/instance.ts'
import type { Machine, MachineEnd } from '../node/hypervisor.ts'
import type { Host } from './host.ts'
import { machineSpec, makeDisks } from './spec.ts'
import { sweepTemplates } from './templates.ts'

const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Boots a pending instance; one that cannot run ends with the reason. */
export async function boot(host: Host, id: string, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  if (stopping.aborted || cloud.instances.get(id)?.state !== 'pending') return
  await breakable(host, id, stopping, async (signal) => {
    await startMachine(host, id, signal)
    await cloud.store.change((draft) => {
      // It may have been told to end meanwhile; its end is then next in turn and finds the machine.
      if (cloud.instances.in(draft).get(id)?.state === 'pending') moveInstance(cloud, draft, id, 'started')
    })
  })
}

/**
 * Reboots as the cloud's node does: the power button, up to the grace for the guest to obey, then the same machine from
 * its disks again; the console starts empty (eucalyptus-behaviour.md sections 5.1 and 5.5).
 */
export async function restart(host: Host, id: string, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  const running = host.running.get(id)
  if (!running || cloud.instances.get(id)?.state !== 'running') return
  await breakable(host, id, stopping, async (signal) => {
    running.endExpected = true
    await shutDown(host, running.machine, cloud.settings.shutdownGrace, signal)
    signal.throwIfAborted()
    const { console, oldConsole } = cloud.files.machine(id)
    await rename(console, oldConsole)
    await host.boots(() => startMachine(host, id, signal))
  })
}

/**
 * Runs a launch or a reboot that may be broken off: by the stop of the emulator, after which the next start boots the
 * instance, or by a user who ends it, whose job is next in turn. Any other failure ends the instance.
 */
async function breakable(host: Host, id: string, stopping: AbortSignal, job: (signal: AbortSignal) => Promise<void>) {
  const unwanted = new AbortController()
  host.underWay.set(id, unwanted)
  const signal = AbortSignal.any([stopping, unwanted.signal])
  try {
    await job(signal)
  } catch (error) {
    if (!signal.aborted) await end(host, id, { kind: 'failed', detail: sentence(error) })
  } finally {
    host.underWay.delete(id)
  }
}

/** Boots the machine of an instance, making its disks if they are not there yet, and watches for its end. */
async function startMachine(host: Host, id: string, signal: AbortSignal): Promise<void> {
  const { cloud } = host
  const instance = await withDisks(host, id, signal)
  const machine = await host.hypervisor.start(machineSpec(cloud, instance), { signal })
  const running = { machine, endExpected: false }
  host.running.set(id, running)
  const ended = ({ reason, detail }: MachineEnd) => {
    if (host.running.get(id) === running) host.running.delete(id)
    if (running.endExpected) return
    // A guest that switches itself off ends its instance-store instance (5.1), whatever it was asked at launch.
    const ending: Ending = reason === 'power-off' ? { kind: 'guest' } : { kind: 'crashed', detail }
    cloud.tasks.start(`end ${id}`, () => host.inTurn.run(id, () => end(host, id, ending)))
  }
  void machine.ended.then(ended)
}

async function withDisks(host: Host, id: string, signal: AbortSignal): Promise<InstanceRecord> {
  const { cloud } = host
  const instance = cloud.instances.get(id)
  if (!instance) throw new Error(`the instance ${id} does not exist`)
  if (instance.templates) return instance
  const templates = await makeDisks(cloud, instance, signal)
  return cloud.store.change((draft) => {
    const instances = cloud.instances.in(draft)
    // Its state may have moved on meanwhile: only the disks are added to what is there now.
    const made = { ...(instances.get(id) ?? instance), templates }
    instances.put(made)
    return made
  })
}

/** Ends an instance for good: its machine if it runs, its disks, its turn in the answers. May be called again. */
export async function end(host: Host, id: string, ending: Ending): Promise<void> {
  const { cloud } = host
  const state = cloud.instances.get(id)?.state
  if (state === undefined || state === 'terminated') return
  if (state !== 'shutting-down') {
    await cloud.store.change((draft) => moveInstance(cloud, draft, id, 'end', { ending }))
  }
  const running = host.running.get(id)
  if (running) {
    running.endExpected = true
    await running.machine.end()
  }
  await rm(cloud.files.machine(id).folder, { recursive: true, force: true })
  const terminatedAt = cloud.clock.now().toISOString()
  await cloud.store.change((draft) => {
    moveInstance(cloud, draft, id, 'gone', { terminatedAt })
    forgetEnded(cloud, draft)
  })
  await sweepTemplates(cloud)
}

/** Asks a guest to shut down and waits for up to `grace` milliseconds, or until `signal`; then ends its machine. */
export async function shutDown(host: Host, machine: Machine, grace: number, signal: AbortSignal): Promise<void> {
  const waited = new AbortController()
  const expiry = host.cloud.clock.sleep(grace, AbortSignal.any([signal, waited.signal])).catch(() => undefined)
  // A machine that has just ended has no button; its end is what is waited for.
  await machine.powerButton().catch(() => undefined)
  await Promise.race([machine.ended, expiry])
  waited.abort()
  await machine.end()
}
