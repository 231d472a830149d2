import { type Attachment, driveIdOf, moveVolume, type VolumeRecord } from '../ec2/volume/volume.ts'
import type { Host } from './host.ts'
import { volumeDrive } from './spec.ts'

/**
 * Plugs an attaching volume into its instance's machine. Of an instance that stopped meanwhile it is just attached; where
 * the machine does not take it, it is available again (eucalyptus-behaviour.md section 7.2).
 */
export async function plug(host: Host, volumeId: string): Promise<void> {
  await whileAttached(host, volumeId, 'attaching', async (volume, { instanceId }) => {
    const machine = host.running.get(instanceId)?.machine
    try {
      // A machine that has just been restarted may have it already.
      if (machine && !machine.drives.includes(driveIdOf(volumeId)))
        await machine.plug(await volumeDrive(host.cloud, volume))
    } catch (error) {
      await settle(host, volumeId, 'detached')
      throw error
    }
    await settle(host, volumeId, 'attached')
  })
}

/** Takes a detaching volume out of its instance's machine, if one runs; then it is available. */
export async function unplug(host: Host, volumeId: string, force: boolean, signal: AbortSignal): Promise<void> {
  await whileAttached(host, volumeId, 'detaching', async (_, { instanceId }) => {
    const machine = host.running.get(instanceId)?.machine
    const driveId = driveIdOf(volumeId)
    if (!machine?.drives.includes(driveId)) return settle(host, volumeId, 'detached')
    try {
      const outcome = await machine.unplug(driveId, { force, signal })
      await settle(host, volumeId, outcome === 'busy' ? 'detaching_failed' : 'detached')
    } catch (error) {
      // At a stop of the emulator it stays detaching, which the next start settles.
      if (signal.aborted) return
      const holds = machine.drives.includes(driveId) && host.running.get(instanceId)?.machine === machine
      await settle(host, volumeId, holds ? 'detaching_failed' : 'detached')
      if (holds) throw error
    }
  })
}

/** Runs a job in the turns of a volume and its instance, unless the attachment is by then another or in another state. */
async function whileAttached(
  { cloud, inTurn }: Host,
  volumeId: string,
  state: Attachment['state'],
  job: (volume: VolumeRecord, attachment: Attachment) => Promise<void>,
): Promise<void> {
  const instanceId = cloud.volumes.get(volumeId)?.attachment?.instanceId
  if (instanceId === undefined) return
  await inTurn.run(instanceId, () =>
    inTurn.run(volumeId, async () => {
      const volume = cloud.volumes.get(volumeId)
      const attachment = volume?.attachment
      if (volume && attachment?.instanceId === instanceId && attachment.state === state) await job(volume, attachment)
    }),
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
