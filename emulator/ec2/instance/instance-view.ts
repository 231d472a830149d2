import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import type { TagsOf } from '../tag/tags.ts'
import type { VolumeRecord } from '../volume/volume.ts'
import { endings, type InstanceRecord, stateCode, stateView } from './instance.ts'
import { metadataOptionsView } from './metadata-options.ts'

/** The volumes that are attached to an instance. */
export const volumesOf = (volumes: readonly VolumeRecord[], id: string): VolumeRecord[] =>
  volumes.filter(({ attachment }) => attachment?.instanceId === id)

const privateName = ({ network: { hostname, domain } }: InstanceRecord) => `${hostname}.${domain}`

/** An instance has its addresses while it starts and runs; a stopped one shows none, as its machine is gone. */
const isReachable = ({ state }: InstanceRecord) => state === 'pending' || state === 'running'

/** The public address of an instance while it has one: an elastic one also while it is stopped. */
const publicAddressOf = (cloud: Cloud, instance: InstanceRecord) =>
  isReachable(instance) || cloud.addresses.list().some(({ association }) => association?.instanceId === instance.id)
    ? instance.network.publicAddress
    : undefined
const whileReachable = <Value>(instance: InstanceRecord, value: Value) => (isReachable(instance) ? value : undefined)

/** Why an instance ended. AWS dates what its user asked for (StateTransitionReason of DescribeInstances). */
const reasonOf = (cloud: Cloud, { ending }: InstanceRecord): string => {
  if (!ending) return ''
  const { reason, code } = endings[ending.kind]
  if (cloud.settings.fidelity !== 'aws') return `${reason}${ending.detail ? ` -- [${ending.detail}]` : ''}`
  if (ending.at) return `User initiated (${ending.at.replace('T', ' ').slice(0, 19)} GMT)`
  return code.startsWith('Server.') ? code : ''
}

const stateReasonOf = ({ ending }: InstanceRecord) => {
  if (!ending) return undefined
  const { code, message } = endings[ending.kind]
  return { code, message: `${code}: ${ending.detail ?? message}` }
}

/** What an instance starts by: machines here do by the BIOS by default. Which one is preferred, its first start tells. */
const currentBootMode = ({ bootMode = 'legacy-bios', currentBootMode }: InstanceRecord) =>
  currentBootMode ?? (bootMode === 'uefi-preferred' ? undefined : bootMode)

/** A filter on what any of an instance's volumes has. */
const ofAttachments =
  (cloud: Cloud, read: (attachment: NonNullable<VolumeRecord['attachment']>) => string | boolean) =>
  ({ id }: InstanceRecord) =>
    volumesOf(cloud.volumes.list(), id).flatMap(({ attachment }) => (attachment ? [read(attachment)] : []))

/** Filters that Eucalyptus takes and that find no instance, also those on what only instances in a VPC have. */
const matchingNothing: FilterTable<InstanceRecord> = Object.fromEntries(
  [
    ...['instance-lifecycle', 'placement-group-name', 'product-code', 'product-code.type', 'requester-id'],
    ...['source-dest-check', 'spot-instance-request-id', 'state-reason-message', 'subnet-id', 'vpc-id'],
  ].map((name) => [name, () => []]),
)

/** The filters of DescribeInstances (VmInstanceFilterSupport of Eucalyptus 4.4). */
export const instanceFilters = (cloud: Cloud): FilterTable<InstanceRecord> => ({
  architecture: ({ architecture }) => [architecture],
  'availability-zone': ({ zone }) => [zone],
  'block-device-mapping.attach-time': ofAttachments(cloud, ({ attachedAt }) => attachedAt),
  'block-device-mapping.delete-on-termination': ofAttachments(cloud, ({ deleteOnTermination }) => deleteOnTermination),
  'block-device-mapping.device-name': ofAttachments(cloud, ({ device }) => device),
  'block-device-mapping.status': ofAttachments(cloud, ({ state }) => state),
  'block-device-mapping.volume-id': ({ id }) => volumesOf(cloud.volumes.list(), id).map((volume) => volume.id),
  'client-token': ({ clientToken }) => [clientToken],
  'dns-name': (instance) => [publicAddressOf(cloud, instance)],
  'group-id': ({ groupIds }) => groupIds,
  'group-name': ({ groupIds }) => groupIds.map((id) => cloud.groups.get(id)?.name),
  'iam-instance-profile.arn': ({ instanceProfile }) => [instanceProfile?.arn],
  hypervisor: () => (cloud.settings.fidelity === 'aws' ? ['xen'] : []),
  'image-id': ({ imageId }) => [imageId],
  'instance-id': ({ id }) => [id],
  'instance-state-code': ({ state }) => [stateCode[state]],
  'instance-state-name': ({ state }) => [state],
  'instance-type': ({ instanceType }) => [instanceType],
  'instance.group-id': ({ groupIds }) => groupIds,
  'instance.group-name': ({ groupIds }) => groupIds.map((id) => cloud.groups.get(id)?.name),
  'ip-address': (instance) => [publicAddressOf(cloud, instance)],
  'kernel-id': ({ kernelId }) => [kernelId],
  'key-name': ({ keyName }) => [keyName],
  'launch-index': ({ launchIndex }) => [launchIndex],
  'launch-time': ({ launchedAt }) => [launchedAt],
  'monitoring-state': ({ monitoring }) => [monitoring ? 'enabled' : 'disabled'],
  'owner-id': ({ ownerId }) => [ownerId],
  platform: ({ platform }) => [platform],
  'private-dns-name': (instance) => [whileReachable(instance, privateName(instance))],
  'private-ip-address': (instance) => [whileReachable(instance, instance.network.address)],
  'ramdisk-id': ({ ramdiskId }) => [ramdiskId],
  reason: (instance) => [reasonOf(cloud, instance)],
  'reservation-id': ({ reservationId }) => [reservationId],
  'root-device-name': ({ rootDeviceName }) => [rootDeviceName],
  'root-device-type': ({ rootDeviceType }) => [rootDeviceType],
  'state-reason-code': ({ ending }) => (ending ? [endings[ending.kind].code] : []),
  tenancy: () => ['default'],
  'virtualization-type': ({ virtualization }) => [virtualization],
  ...(cloud.settings.fidelity === 'aws' && {
    'boot-mode': ({ bootMode }) => [bootMode].filter((mode) => mode !== undefined),
    'current-instance-boot-mode': (instance) => [currentBootMode(instance)].filter((mode) => mode !== undefined),
  }),
  ...matchingNothing,
})

/** An instance's groups as answers list them. */
export const groupSet = (cloud: Cloud, { groupIds }: InstanceRecord) =>
  groupIds.map((groupId) => ({ groupId, groupName: cloud.groups.get(groupId)?.name }))

/** The volumes of an instance as answers list them; ephemeral disks are not listed, as in the real cloud (5.2). */
export function mappings(volumes: readonly VolumeRecord[]): Answer {
  return volumes.map(({ id: volumeId, attachment }) => ({
    deviceName: attachment?.device,
    ebs: {
      volumeId,
      status: attachment?.state,
      attachTime: attachment?.attachedAt,
      deleteOnTermination: attachment?.deleteOnTermination,
    },
  }))
}

/** An instance as DescribeInstances shows it (5.2). Its public DNS name is its public address. */
export function instanceView(cloud: Cloud, instance: InstanceRecord, tags: TagsOf): { [name: string]: Answer } {
  const aws = cloud.settings.fidelity === 'aws'
  const publicAddress = publicAddressOf(cloud, instance)
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateView(instance.state),
    privateDnsName: whileReachable(instance, privateName(instance)) ?? '',
    dnsName: publicAddress ?? '',
    reason: reasonOf(cloud, instance),
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.instanceType,
    launchTime: instance.launchedAt,
    placement: { availabilityZone: instance.zone, groupName: '', tenancy: 'default' },
    kernelId: instance.kernelId,
    ramdiskId: instance.ramdiskId,
    platform: instance.platform,
    monitoring: { state: instance.monitoring ? 'enabled' : 'disabled' },
    privateIpAddress: whileReachable(instance, instance.network.address),
    ipAddress: publicAddress,
    groupSet: groupSet(cloud, instance),
    stateReason: aws ? stateReasonOf(instance) : undefined,
    architecture: instance.architecture,
    rootDeviceType: instance.rootDeviceType,
    rootDeviceName: instance.rootDeviceName,
    blockDeviceMapping: mappings(volumesOf(cloud.volumes.list(), instance.id)),
    virtualizationType: instance.virtualization,
    bootMode: instance.bootMode,
    currentInstanceBootMode: aws ? currentBootMode(instance) : undefined,
    clientToken: instance.clientToken,
    tagSet: tags(instance),
    iamInstanceProfile: instance.instanceProfile && { ...instance.instanceProfile },
    hypervisor: aws ? 'xen' : undefined,
    metadataOptions: aws ? metadataOptionsView(instance.metadataOptions) : undefined,
    networkInterfaceSet: [],
  }
}

/** Instances as reservations, in the order in which they were made. */
export function reservations(
  cloud: Cloud,
  instances: readonly InstanceRecord[],
  tags: TagsOf,
): { [name: string]: Answer }[] {
  const groups = new Map<string, InstanceRecord[]>()
  for (const instance of instances) {
    const group = groups.get(instance.reservationId)
    if (group) group.push(instance)
    else groups.set(instance.reservationId, [instance])
  }
  return [...groups].map(([reservationId, members]) => ({
    reservationId,
    ownerId: members[0]?.ownerId,
    groupSet: members[0] ? groupSet(cloud, members[0]) : [],
    instancesSet: members.map((instance) => instanceView(cloud, instance, tags)),
  }))
}
