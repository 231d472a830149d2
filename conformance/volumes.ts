import assert from 'node:assert/strict'
import type { Parameters } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import type { Tools } from './tools.ts'

/** Seconds that a volume may take for a change (eucalyptus-behaviour.md, section 15, the terminate rule). */
const patience = 180

/** A volume as DescribeVolumes shows it. Throws ServiceError. */
export async function findVolume({ administrator }: Tools, id: string): Promise<Xml | undefined> {
  return list(await administrator.ec2.call('DescribeVolumes', { VolumeId: [id] }), 'volumeSet')[0]
}

/** Waits until a volume has a status. Throws at once when it has an error instead. */
export function untilVolume(tools: Tools, id: string, status: string): Promise<Xml | undefined> {
  const isSo = (volume: Xml | undefined) => {
    const now = text(volume, 'status')
    assert.ok(now !== 'error' || status === 'error', `${id} has an error`)
    return now === status
  }
  return tools.until(`${id} ${status}`, () => findVolume(tools, id), isSo, patience)
}

/** The status of a volume; undefined when there is none. */
async function statusOf(tools: Tools, id: string): Promise<string | undefined> {
  try {
    return text(await findVolume(tools, id), 'status')
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'InvalidVolume.NotFound') return undefined
    throw error
  }
}

/** Waits until a volume is deleted: Eucalyptus shows it as such for a while, AWS at once not any more. */
export async function untilDeleted(tools: Tools, id: string): Promise<void> {
  await tools.until(
    `${id} deleted`,
    () => statusOf(tools, id),
    (status) => status === undefined || status === 'deleted',
    patience,
  )
}

/** Deletes a volume when what uses it is gone, unless it is deleted or about to be. */
export async function removeVolume(tools: Tools, id: string): Promise<void> {
  const look = () => statusOf(tools, id)
  const settled = ['available', 'deleting', 'deleted', undefined]
  const status = await tools.until(`${id} free`, look, (now) => settled.includes(now), patience)
  if (status === 'available') await tools.administrator.ec2.call('DeleteVolume', { VolumeId: id })
}

/** Deletes a volume after the case, when what uses it is gone. */
export function deleteLater(tools: Tools, id: string): void {
  tools.later(`volume ${id}`, () => removeVolume(tools, id))
}

/** Makes a volume of 1 GiB, or from a snapshot, and gives its id when it is available. Make it before what uses it. */
export async function makeVolume(tools: Tools, parameters: Parameters = { Size: 1 }): Promise<string> {
  const asked = { AvailabilityZone: tools.target.zone, ...parameters }
  const id = text(await tools.administrator.ec2.call('CreateVolume', asked), 'volumeId')
  if (!id) throw new Error('CreateVolume answered without a volume id')
  deleteLater(tools, id)
  await untilVolume(tools, id, 'available')
  return id
}

/** Attaches a volume to an instance and waits until the cloud calls it attached. */
export async function attachVolume(tools: Tools, VolumeId: string, InstanceId: string, Device: string): Promise<void> {
  await tools.administrator.ec2.call('AttachVolume', { VolumeId, InstanceId, Device })
  const statusOf = (volume: Xml | undefined) => text(list(volume, 'attachmentSet')[0], 'status')
  const look = () => findVolume(tools, VolumeId)
  await tools.until(`${VolumeId} attached`, look, (volume) => statusOf(volume) === 'attached', 60)
}

/** Detaches a volume and waits until it is available. */
export async function detachVolume(tools: Tools, VolumeId: string): Promise<void> {
  await tools.administrator.ec2.call('DetachVolume', { VolumeId })
  await untilVolume(tools, VolumeId, 'available')
}

/** Deletes a snapshot after the case. */
export function deleteSnapshotLater({ administrator, later }: Tools, SnapshotId: string): void {
  later(`snapshot ${SnapshotId}`, () => administrator.ec2.call('DeleteSnapshot', { SnapshotId }))
}

/** Makes a snapshot of a volume and gives its id when it is complete. */
export async function makeSnapshot(tools: Tools, VolumeId: string): Promise<string> {
  const { ec2 } = tools.administrator
  const SnapshotId = text(await ec2.call('CreateSnapshot', { VolumeId }), 'snapshotId')
  if (!SnapshotId) throw new Error('CreateSnapshot answered without a snapshot id')
  deleteSnapshotLater(tools, SnapshotId)
  const look = async () => list(await ec2.call('DescribeSnapshots', { SnapshotId: [SnapshotId] }), 'snapshotSet')[0]
  const isComplete = (snapshot: Xml | undefined) => {
    assert.notEqual(text(snapshot, 'status'), 'error')
    return text(snapshot, 'status') === 'completed'
  }
  await tools.until(`${SnapshotId} completed`, look, isComplete, 60)
  return SnapshotId
}
