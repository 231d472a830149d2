import { list, text, type Xml } from '../client/xml.ts'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'
import { until } from './until.ts'

/** What a guest reads as the serial of a volume that was attached to it while it ran: of virtio's 20 characters. */
export const serialOf = (volume: string): string => `euca-${volume}-dev`.slice(0, 20)

async function findVolume({ ec2 }: Tour, id: string): Promise<Xml | undefined> {
  return list(await ec2.call('DescribeVolumes', { VolumeId: [id] }), 'volumeSet')[0]
}

async function untilVolume(tour: Tour, id: string, status: string): Promise<void> {
  const isSo = (volume: Xml | undefined) => text(volume, 'status') === status
  await until({ what: `${id} ${status}`, look: () => findVolume(tour, id), isSo, signal: tour.signal })
}

/** Makes an empty volume of 1 GiB and gives its id when it is available. */
export async function makeVolume(tour: Tour): Promise<string> {
  const answer = await tour.ec2.call('CreateVolume', { Size: 1, AvailabilityZone: tour.zone })
  const id = text(answer, 'volumeId')
  if (id === undefined) throw new ProofFailed('CreateVolume names no volume', JSON.stringify(answer))
  await untilVolume(tour, id, 'available')
  return id
}

/** Attaches a volume to a running instance and waits until the cloud calls it attached. */
export async function attach(tour: Tour, VolumeId: string, InstanceId: string): Promise<void> {
  await tour.ec2.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
  const isSo = (volume: Xml | undefined) => text(list(volume, 'attachmentSet')[0], 'status') === 'attached'
  const look = () => findVolume(tour, VolumeId)
  await until({ what: `${VolumeId} attached`, look, isSo, signal: tour.signal })
  tour.say(`${VolumeId} is attached to ${InstanceId}`)
}

/** Waits until nothing uses a volume any more. */
export const untilFree = (tour: Tour, id: string): Promise<void> => untilVolume(tour, id, 'available')

/** Makes a snapshot of a volume and gives its id when it is complete. */
export async function makeSnapshot(tour: Tour, VolumeId: string): Promise<string> {
  const answer = await tour.ec2.call('CreateSnapshot', { VolumeId })
  const id = text(answer, 'snapshotId')
  if (id === undefined) throw new ProofFailed('CreateSnapshot names no snapshot', JSON.stringify(answer))
  const look = async () => list(await tour.ec2.call('DescribeSnapshots', { SnapshotId: [id] }), 'snapshotSet')[0]
  const isSo = (snapshot: Xml | undefined) => text(snapshot, 'status') === 'completed'
  await until({ what: `${id} completed`, look, isSo, signal: tour.signal })
  tour.say(`${id} is a snapshot of ${VolumeId}`)
  return id
}
