import { type Attachment, driveIdOf, moveVolume, type VolumeRecord } from '../ec2/volume/volume.ts'
import { untilAborted } from '../state/until-aborted.ts'
import type { Host } from './host.ts'
import { volumeDrive } from './spec.ts'
import { breakable } from './under-way.ts'

/**
 * Plugs an attaching volume into its instance's machine. Of an instance that stopped meanwhile it is just attached; where
 * the machine does not take it, it is available again (eucalyptus-behaviour.md section 7.2).
 */
export async function plug(host: Host, volumeId: string, stopping: AbortSignal): Promise<void> {
  await whileAttached(host, volumeId, 'attaching', stopping, async (volume, { instanceId }, signal) => {
    const machine = host.running.get(instanceId)?.machine
    try {
      // A machine that has just been restarted may have it already.
      if (machine && !machine.drives.includes(driveIdOf(volumeId)))
        await untilAborted(machine.plug(await volumeDrive(host.cloud, volume)), signal)
    } catch (error) {
      // It stays attaching, which the end or the stop of the instance settles, or the next start of the emulator.
      if (signal.aborted) return
      await settle(host, volumeId, 'detached')
      throw error
    }
    await settle(host, volumeId, 'attached')
  })
}

/** Takes a detaching volume out of its instance's machine, if one runs; then it is available. */
export async function unplug(host: Host, volumeId: string, force: boolean, stopping: AbortSignal): Promise<void> {
  await whileAttached(host, volumeId, 'detaching', stopping, async (_, { instanceId }, signal) => {
    const machine = host.running.get(instanceId)?.machine
    const driveId = driveIdOf(volumeId)
    if (!machine?.drives.includes(driveId)) return settle(host, volumeId, 'detached')
    try {
      const outcome = await machine.unplug(driveId, { force, signal })
      await settle(host, volumeId, outcome === 'busy' ? 'detaching_failed' : 'detached')
    } catch (error) {
      // It stays detaching, which is settled likewise.
      if (signal.aborted) return
      const holds = machine.drives.includes(driveId) && host.running.get(instanceId)?.machine === machine
      await settle(host, volumeId, holds ? 'detaching_failed' : 'detached')
      if (holds) throw error
    }
  })
}

/**
 * Runs a job in the turns of a volume and its instance, unless the attachment is by then another or in another state. An
 * instance that stops or ends does not wait for it, and settles its attachments by itself.
 */
async function whileAttached(
  host: Host,
  volumeId: string,
  state: Attachment['state'],
  stopping: AbortSignal,
  job: (volume: VolumeRecord, attachment: Attachment, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { cloud, inTurn } = host
  const instanceId = cloud.volumes.get(volumeId)?.attachment?.instanceId
  if (instanceId === undefined) return
  const run = async (signal: AbortSignal) => {
    const volume = cloud.volumes.get(volumeId)
    const attachment = volume?.attachment
    if (!volume || attachment?.instanceId !== instanceId || attachment.state !== state) return
    const isEnding = ['stopping', 'shutting-down'].includes(cloud.instances.get(instanceId)?.state ?? '')
    if (!isEnding && !signal.aborted) await job(volume, attachment, signal)
  }
  await inTurn.run(instanceId, () =>
    breakable(host, instanceId, stopping, (signal) => inTurn.run(volumeId, () => run(signal))),
  )
}

/** Notes what has become of an attachment. */
async function settle({ cloud }: Host, volumeId: string, outcome: 'attached' | 'detached' | 'detaching_failed') {
  await cloud.store.change((draft) => {
    const volumes = cloud.volumes.in(draft)
    const volume = volumes.get(volumeId)
    if (!volume?.attachment) return
    if (outcome === 'detached') moveVolume(cloud, draft, volume, 'detach')
    else volumes.put({ ...volume, attachment: { ...volume.attachment, state: outcome } })
  })
}
