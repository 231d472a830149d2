import { rename, rm } from 'node:fs/promises'
import type { Cloud } from '../cloud.ts'
import { dropAssociation, stopAddress } from '../ec2/address/address.ts'
import { type Ending, forgetEnded, type InstanceRecord, moveInstance } from '../ec2/instance/instance.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { releaseVolumes } from '../ec2/instance/release-volumes.ts'
import { driveIdOf } from '../ec2/volume/volume.ts'
import type { Machine, MachineEnd, MachineStall } from '../node/hypervisor.ts'
import { settleAttachments, settleDetaching } from './attachments.ts'
import { guestIsUp } from './boot-queue.ts'
import { chooseFirmware, clearMachine } from './firmware.ts'
import type { Host } from './host.ts'
import { machineSpec, makeDisks } from './spec.ts'
import { sweepTemplates } from './templates.ts'
import { breakable } from './under-way.ts'
import { makeVolume } from './volumes.ts'

const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Boots a pending instance; one that cannot run ends with the reason. */
export async function boot(host: Host, id: string, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  if (stopping.aborted || cloud.instances.get(id)?.state !== 'pending') return
  await attempt(host, id, stopping, async (signal) => {
    await bootMachine(host, id, signal)
    await cloud.store.change((draft) => {
      // It may have been told to end meanwhile; its end is then next in turn and finds the machine.
      if (cloud.instances.in(draft).get(id)?.state === 'pending') moveInstance(cloud, draft, id, 'started')
      settleAttachments(cloud, draft, id)
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
  await attempt(host, id, stopping, async (signal) => {
    running.endExpected = true
    await shutDown(host, running.machine, cloud.settings.shutdownGrace, signal)
    signal.throwIfAborted()
    await bootAgain(host, id, signal)
  })
}

async function bootAgain(host: Host, id: string, signal: AbortSignal): Promise<void> {
  const { console, oldConsole } = host.cloud.files.machine(id)
  await rename(console, oldConsole)
  await bootMachine(host, id, signal)
}

/** Boots a running instance whose machine was switched off for a while, in its turn; the console starts empty. */
export async function switchOn(host: Host, id: string, stopping: AbortSignal): Promise<void> {
  if (host.running.has(id) || host.cloud.instances.get(id)?.state !== 'running') return
  await attempt(host, id, stopping, (signal) => bootAgain(host, id, signal))
}

/**
 * Runs a launch, a reboot or a stop, which may be broken off: after a stop of the emulator the next start takes it up
 * again. What any other failure makes of the instance, `fail` says.
 */
async function attempt(host: Host, id: string, stopping: AbortSignal, job: (signal: AbortSignal) => Promise<void>) {
  await breakable(host, id, stopping, async (signal) => {
    try {
      await job(signal)
    } catch (error) {
      if (!signal.aborted) await fail(host, id, sentence(error))
    }
  })
}

/**
 * A launch that failed ends the instance; an EBS-backed one that was launched before and was to start again is stopped
 * again (5.1).
 */
async function fail(host: Host, id: string, detail: string): Promise<void> {
  const { instances, volumes } = host.cloud
  // Until its first launch has come to something, the volumes that were made for it are still attaching.
  const isFirst = volumesOf(volumes.list(), id).some(
    ({ attachment }) => attachment?.atLaunch !== undefined && attachment.state === 'attaching',
  )
  const again = instances.get(id)?.rootDeviceType === 'ebs' && !isFirst
  await (again ? halt : end)(host, id, { kind: 'failed', detail })
}

/** Starts the machine of an instance when there is room for one more that boots. */
function bootMachine(host: Host, id: string, signal: AbortSignal): Promise<void> {
  return host.boots(async (keepUntil) => {
    const machine = await startMachine(host, id, signal)
    keepUntil(guestIsUp(host, machine, (await host.hypervisor.describe()).pace))
  }, signal)
}

/** Starts the machine of an instance, making its disks if they are not there yet, and watches for its end. */
async function startMachine(host: Host, id: string, signal: AbortSignal): Promise<Machine> {
  const { cloud } = host
  const instance = await chooseFirmware(host, await withDisks(host, id, signal))
  for (const { id: volumeId, made } of volumesOf(cloud.volumes.list(), id)) if (!made) await makeVolume(host, volumeId)
  const machine = await host.hypervisor.start(await machineSpec(cloud, instance), { signal })
  if (machine.nic) host.network.connect(instance, machine.nic)
  const running = { machine, endExpected: false }
  host.running.set(id, running)
  const ended = ({ reason, detail }: MachineEnd) => {
    if (host.running.get(id) === running) host.running.delete(id)
    if (running.endExpected) return
    // A guest that switches itself off stops its EBS-backed instance, unless AWS was told otherwise, and ends its
    // instance-store instance (5.1).
    const isOff = reason === 'power-off'
    const ending: Ending = isOff ? { kind: 'guest' } : { kind: 'crashed', detail }
    const ends = isOff && cloud.instances.get(id)?.shutdownBehavior === 'terminate'
    const finish = instance.rootDeviceType === 'ebs' && !ends ? halt : end
    cloud.tasks.start(`end ${id}`, () => host.inTurn.run(id, () => finish(host, id, ending)))
  }
  void machine.ended.then(ended)
  machine.onStall((stall) => console.error(stallSentence(host, id, stall)))
  return machine
}

/** What the host's owner has to know when a machine stands still, and when it goes on. */
function stallSentence({ cloud }: Host, id: string, { driveId, isOver }: MachineStall): string {
  const volume = volumesOf(cloud.volumes.list(), id).find((one) => driveIdOf(one.id) === driveId)?.id
  const place = `${volume ?? driveId ?? 'a disk'} of ${id}`
  if (isOver) return `${place} has room again: the instance goes on`
  return `no room left on this machine for ${place}, in ${cloud.files.data}: the instance stands still until there is some`
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

/**
 * Ends an instance for good: its machine if it runs, its disks, its place in the network. One that was stopped is
 * terminated by now, or even out of the answers, and leaves only the last two. May be called again.
 */
export async function end(host: Host, id: string, ending: Ending): Promise<void> {
  const { cloud } = host
  const state = cloud.instances.get(id)?.state
  const isOver = state === undefined || state === 'terminated'
  if (!isOver && state !== 'shutting-down') {
    await cloud.store.change((draft) => moveInstance(cloud, draft, id, 'end', { ending }))
  }
  await endMachine(host, id)
  await rm(cloud.files.machine(id).folder, { recursive: true, force: true })
  if (!isOver) await recordEnd(cloud, id)
  host.network.giveBack(id)
  await sweepTemplates(cloud)
}

async function recordEnd(cloud: Cloud, id: string): Promise<void> {
  const terminatedAt = cloud.clock.now().toISOString()
  const deleting = await cloud.store.change((draft) => {
    moveInstance(cloud, draft, id, 'gone', { terminatedAt })
    forgetEnded(cloud, draft)
    dropAssociation(cloud, draft, id)
    return releaseVolumes(cloud, draft, id)
  })
  for (const volumeId of deleting) cloud.disks.remove(volumeId)
}

/** Stops an EBS-backed instance: its machine ends, its ephemeral disks go, its volumes stay. May be called again. */
export async function halt(host: Host, id: string, ending: Ending): Promise<void> {
  const { cloud } = host
  const state = cloud.instances.get(id)?.state
  if (state !== 'pending' && state !== 'running' && state !== 'stopping') return
  if (state !== 'stopping') {
    await cloud.store.change((draft) => moveInstance(cloud, draft, id, 'halt', { ending }))
  }
  await endMachine(host, id)
  await clearMachine(cloud.files.machine(id))
  await cloud.store.change((draft) => {
    const { templates: _, passwordData, ...rest } = moveInstance(cloud, draft, id, 'halted')
    // Windows makes a new password at its next start (5.5).
    const keepsPassword = passwordData !== undefined && rest.platform !== 'windows'
    cloud.instances.in(draft).put({ ...rest, ...(keepsPassword && { passwordData }) })
    settleAttachments(cloud, draft, id)
    settleDetaching(cloud, draft, id)
    stopAddress(cloud, draft, id)
  })
}

/**
 * A stop that a user asked for: the guest may shut down first, unless it is forced, then or while it is waited for; an
 * end does not wait for it either.
 */
export async function stop(host: Host, id: string, force: boolean, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  if (stopping.aborted || cloud.instances.get(id)?.state !== 'stopping') return
  const running = host.running.get(id)
  if (running && !force) {
    running.endExpected = true
    await attempt(host, id, stopping, (signal) => shutDown(host, running.machine, cloud.settings.shutdownGrace, signal))
  }
  if (!stopping.aborted) await halt(host, id, { kind: 'stopped' })
}

async function endMachine(host: Host, id: string): Promise<void> {
  const running = host.running.get(id)
  if (running) {
    running.endExpected = true
    await running.machine.end()
  }
  await host.network.disconnect(id)
}

/** Asks a guest to shut down and waits for up to `grace` milliseconds, or until `signal`; then ends its machine. */
export async function shutDown(host: Host, machine: Machine, grace: number, signal: AbortSignal): Promise<void> {
  const waited = new AbortController()
  const expiry = host.cloud.clock.sleep(grace, AbortSignal.any([signal, waited.signal])).catch(() => undefined)
  // A machine that has just ended has no button, and one that hangs does not answer; its end is what is waited for.
  machine.powerButton().catch(() => undefined)
  await Promise.race([machine.ended, expiry])
  waited.abort()
  await machine.end()
}
