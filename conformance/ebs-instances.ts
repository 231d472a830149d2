import type { Parameters } from '../src/client/ec2.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import { registerSnapshot } from './images.ts'
import { findInstance, runInstance, untilRunning, untilState } from './instances.ts'
import type { Tools } from './tools.ts'
import { makeSnapshot, makeVolume, removeVolume } from './volumes.ts'

/** A volume as its instance lists it. */
export interface MappedVolume {
  readonly device: string
  readonly id: string
  readonly status: string
  readonly deleteOnTermination: boolean
}

/** The volumes of an instance, as DescribeInstances lists them, by the names of their devices. */
export const mappedVolumes = (instance: Xml | undefined): MappedVolume[] =>
  list(instance, 'blockDeviceMapping')
    .map((mapping) => ({
      device: text(mapping, 'deviceName') ?? '',
      id: text(mapping, 'ebs', 'volumeId') ?? '',
      status: text(mapping, 'ebs', 'status') ?? '',
      deleteOnTermination: text(mapping, 'ebs', 'deleteOnTermination') === 'true',
    }))
    .sort((a, b) => (a.device < b.device ? -1 : 1))

/** An EBS-backed instance that runs, and what it was made of. */
export interface EbsInstance {
  readonly id: string
  readonly ImageId: string
  readonly SnapshotId: string
  /** All volumes of its launch; those that outlive it are deleted after the case. */
  readonly volumes: readonly MappedVolume[]
  readonly root: MappedVolume
}

/** An image of a disk that was never written, of 1 GiB: enough to run instances of which nothing is booted. */
export async function registerBlankSnapshot(tools: Tools): Promise<{ ImageId: string; SnapshotId: string }> {
  const SnapshotId = await makeSnapshot(tools, await makeVolume(tools))
  return { ImageId: await registerSnapshot(tools, SnapshotId), SnapshotId }
}

/** Runs an instance of such an image and gives it with its volumes once it runs. */
export async function runFromVolumes(
  tools: Tools,
  image: { ImageId: string; SnapshotId: string },
  parameters: Parameters = {},
): Promise<EbsInstance> {
  const made = new Set<string>()
  const note = (volumes: MappedVolume[]) => {
    for (const volume of volumes) made.add(volume.id)
    return volumes
  }
  // Before the launch, as they can be deleted after it only.
  tools.later('the volumes of a launch', async () => {
    for (const id of made) await removeVolume(tools, id)
  })
  const id = await runInstance(tools, { ImageId: image.ImageId, ...parameters })
  // Before its end, when it tells of them no more: it may be that it never runs.
  tools.later(`the volumes of ${id}`, async () => note(mappedVolumes(await findInstance(tools.administrator, id))))
  const volumes = note(mappedVolumes(await untilRunning(tools, id)))
  const root = volumes.find(({ device }) => /^(\/dev\/)?sda1?$/.test(device))
  if (!root) throw new Error(`${id} has no root among its volumes: ${JSON.stringify(volumes)}`)
  return { ...image, id, volumes, root }
}

/** An EBS-backed instance of which nothing is booted. Its root ends with it. */
export const runBlank = async (tools: Tools, parameters: Parameters = {}): Promise<EbsInstance> =>
  runFromVolumes(tools, await registerBlankSnapshot(tools), parameters)

/** Stops an instance, by force as nothing in it would hear, and waits until it is stopped. */
export async function stopInstance(tools: Tools, id: string): Promise<Xml | undefined> {
  await tools.administrator.ec2.call('StopInstances', { InstanceId: [id], Force: true })
  return untilState(tools, id, 'stopped')
}
