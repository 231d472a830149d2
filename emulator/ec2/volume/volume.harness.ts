import type { Caller } from '../../../src/protocol/operation.ts'
import { deep, type TestCloud, theText } from '../../cloud.harness.ts'

/** Makes a volume of 1 GiB unless told otherwise; resolves with its id when its disk is there. */
export async function makeVolume(it: TestCloud, parameters: Record<string, string> = {}, as?: Caller): Promise<string> {
  const size = 'SnapshotId' in parameters ? {} : { Size: '1' }
  const answer = await it.call('CreateVolume', { AvailabilityZone: 'one', ...size, ...parameters }, as)
  await it.idle()
  return theText(answer, 'volumeId')
}

/** Makes a snapshot of a volume, of a new one unless told otherwise; resolves with its id when it is completed. */
export async function makeSnapshot(it: TestCloud, volumeId?: string, as?: Caller): Promise<string> {
  const answer = await it.call('CreateSnapshot', { VolumeId: volumeId ?? (await makeVolume(it, {}, as)) }, as)
  await it.idle()
  return theText(answer, 'snapshotId')
}

/** Registers an EBS image from a snapshot, a new one of 1 GiB unless told otherwise; resolves with its id. */
export async function registerEbs(it: TestCloud, parameters: Record<string, string> = {}): Promise<string> {
  const answer = await it.call('RegisterImage', {
    Name: `ebs-${it.cloud.ids.uuid()}`,
    RootDeviceName: '/dev/sda',
    'BlockDeviceMapping.1.DeviceName': '/dev/sda',
    'BlockDeviceMapping.1.Ebs.SnapshotId': await makeSnapshot(it),
    ...parameters,
  })
  return theText(answer, 'imageId')
}

/** Launches an EBS-backed instance and stops it; resolves with its id and its root volume's. */
export async function stoppedInstance(it: TestCloud): Promise<{ id: string; root: string }> {
  const id = await it.run({ ImageId: await registerEbs(it) })
  await it.idle()
  await it.call('StopInstances', { 'InstanceId.1': id })
  await it.idle()
  const root = it.cloud.volumes.list().find(({ attachment }) => attachment?.instanceId === id)?.id
  return { id, root: root ?? '' }
}

/** Attaches a volume, as /dev/sdf unless told otherwise; it is plugged in when this resolves. */
export async function attach(it: TestCloud, VolumeId: string, InstanceId: string, Device = '/dev/sdf'): Promise<void> {
  await it.call('AttachVolume', { VolumeId, InstanceId, Device })
  await it.idle()
}

/** State and attachment of a volume, as DescribeVolumes tells them: `in-use attached i-… /dev/sdf`. */
export async function told(it: TestCloud, id: string): Promise<string> {
  const answer = await it.call('DescribeVolumes', { 'VolumeId.1': id })
  const volume = deep(answer, 'volumeSet', '0')
  const attachment = deep(volume, 'attachmentSet', '0')
  const place = attachment ? ['status', 'instanceId', 'device'].map((name) => theText(attachment, name)) : []
  return [theText(volume, 'status'), ...place].join(' ')
}

/** Holds up the jobs on a volume, so that what is under way can be looked at; call what it returns to let them go on. */
export function hold(it: TestCloud, volumeId: string): () => void {
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  void it.host.inTurn.run(volumeId, () => released)
  return () => release()
}
