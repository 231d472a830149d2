import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import type { FilterTable } from '../filters.ts'

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated'
export type InstanceEvent = 'started' | 'hostDown' | 'end' | 'gone'

/** eucalyptus-behaviour.md section 5.1. `hostDown`: the emulator ended with the machine running; it boots again. */
export const instanceLife: Life<InstanceState, InstanceEvent> = {
  pending: { on: { started: 'running', hostDown: 'pending', end: 'shutting-down' } },
  running: { on: { hostDown: 'pending', end: 'shutting-down' } },
  'shutting-down': { on: { end: 'shutting-down', gone: 'terminated' } },
  terminated: { on: {} },
}

/** The numbers that go with the states' names. */
export const stateCode: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
}

/** What made an instance end, and how each fidelity words it (5.1; AWS: StateReason of DescribeInstances). */
export const endings = {
  user: { reason: 'USER_TERMINATED: User terminated.', code: 'Client.UserInitiatedShutdown' },
  guest: { reason: 'NORMAL: ', code: 'Client.InstanceInitiatedShutdown' },
  failed: { reason: 'FAILED: The instance failed to start on the NC.', code: 'Server.InternalError' },
  crashed: { reason: 'FAILED: The machine of the instance ended unexpectedly.', code: 'Server.InternalError' },
} as const

/** Why an instance ended. */
export interface Ending {
  readonly kind: keyof typeof endings
  readonly detail?: string
}

/** An instance: an image, run on a machine of a type. */
export interface InstanceRecord {
  readonly id: string
  readonly reservationId: string
  readonly ownerId: string
  readonly launchIndex: number
  readonly state: InstanceState
  readonly ending?: Ending
  readonly terminatedAt?: string
  readonly launchedAt: string
  readonly clientToken?: string
  readonly imageId: string
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly instanceType: string
  readonly zone: string
  readonly keyName?: string
  /** base64, as it was given. */
  readonly userData?: string
  readonly disableApiTermination: boolean
  readonly monitoring: boolean
  readonly architecture: string
  readonly platform?: 'windows'
  readonly virtualization: 'hvm' | 'paravirtual'
  readonly rootDeviceName: string
  /** The files that its disks rest on, once they are made: until then a launch starts afresh. */
  readonly templates?: { readonly root: string; readonly kernel?: string; readonly ramdisk?: string }
}

/** How long terminated instances stay in the answers: 60 minutes (5.1). */
const shownAfterEnd = 60 * 60_000

/** Whether describes still show an instance. */
export function isShown(instance: InstanceRecord, now: Date): boolean {
  return instance.terminatedAt === undefined || now.getTime() - Date.parse(instance.terminatedAt) < shownAfterEnd
}

/** Removes, within a change, the records of instances that ended so long ago that no answer can name them (5.1: 120 minutes). */
export function forgetEnded(cloud: Cloud, draft: Draft): void {
  const instances = cloud.instances.in(draft)
  const oldest = cloud.clock.now().getTime() - 2 * shownAfterEnd
  for (const { id, terminatedAt } of instances.list()) {
    if (terminatedAt !== undefined && Date.parse(terminatedAt) <= oldest) instances.remove(id)
  }
}

/** The type of an instance. Throws when the settings no longer have it. */
export function typeOf(cloud: Cloud, instance: Pick<InstanceRecord, 'instanceType'>): InstanceType {
  const type = cloud.settings.instanceTypes.find(({ name }) => name === instance.instanceType)
  if (!type) throw new Error(`the instance type ${instance.instanceType} is not one of the cloud's`)
  return type
}

/** Moves an instance along its life, within a change. Throws IllegalMove. */
export function moveInstance(
  cloud: Cloud,
  draft: Draft,
  id: string,
  event: InstanceEvent,
  also: Partial<InstanceRecord> = {},
): InstanceRecord {
  const instances = cloud.instances.in(draft)
  const instance = instances.get(id)
  if (!instance) throw new Error(`the instance ${id} does not exist`)
  const moved = { ...instance, ...also, state: move(instanceLife, instance.state, event) }
  instances.put(moved)
  return moved
}

/** Bytes of the root disk: the type's whole disk, or its share when the type has several (6.1). */
export function rootDiskBytes({ disk, diskCount }: InstanceType): number {
  return (diskCount > 1 ? Math.floor(disk / diskCount) : disk) * 2 ** 30
}

/** The filters of DescribeInstances. */
export const instanceFilters: FilterTable<InstanceRecord> = {
  architecture: ({ architecture }) => [architecture],
  'availability-zone': ({ zone }) => [zone],
  'client-token': ({ clientToken }) => [clientToken],
  'image-id': ({ imageId }) => [imageId],
  'instance-id': ({ id }) => [id],
  'instance-state-code': ({ state }) => [stateCode[state]],
  'instance-state-name': ({ state }) => [state],
  'instance-type': ({ instanceType }) => [instanceType],
  'kernel-id': ({ kernelId }) => [kernelId],
  'key-name': ({ keyName }) => [keyName],
  'launch-index': ({ launchIndex }) => [launchIndex],
  'launch-time': ({ launchedAt }) => [launchedAt],
  'owner-id': ({ ownerId }) => [ownerId],
  platform: ({ platform }) => [platform],
  'ramdisk-id': ({ ramdiskId }) => [ramdiskId],
  'reservation-id': ({ reservationId }) => [reservationId],
  'root-device-name': ({ rootDeviceName }) => [rootDeviceName],
  'root-device-type': () => ['instance-store'],
  'state-reason-code': ({ ending }) => (ending ? [endings[ending.kind].code] : []),
  'virtualization-type': ({ virtualization }) => [virtualization],
  'tag-key': () => [],
  'tag-value': () => [],
}

/** A state as it stands in answers. */
export const stateView = (state: InstanceState) => ({ code: stateCode[state], name: state as string })

/** An instance as DescribeInstances shows it (5.2). Addresses are not there: a machine has no network yet. */
export function instanceView(cloud: Cloud, instance: InstanceRecord): { [name: string]: Answer } {
  const ending = instance.ending && endings[instance.ending.kind]
  const detail = instance.ending?.detail
  const aws = cloud.settings.fidelity === 'aws'
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateView(instance.state),
    privateDnsName: '',
    dnsName: '',
    reason: ending ? `${ending.reason}${detail ? ` -- [${detail}]` : ''}` : '',
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
    groupSet: [],
    stateReason:
      aws && ending ? { code: ending.code, message: `${ending.code}${detail ? `: ${detail}` : ''}` } : undefined,
    architecture: instance.architecture,
    rootDeviceType: 'instance-store',
    rootDeviceName: instance.rootDeviceName,
    blockDeviceMapping: [],
    virtualizationType: instance.virtualization,
    clientToken: instance.clientToken,
    tagSet: [],
    hypervisor: aws ? 'xen' : undefined,
    networkInterfaceSet: [],
  }
}

/** Instances as reservations, in the order in which they were made. */
export function reservations(cloud: Cloud, instances: readonly InstanceRecord[]): { [name: string]: Answer }[] {
  const groups = new Map<string, InstanceRecord[]>()
  for (const instance of instances) {
    const group = groups.get(instance.reservationId)
    if (group) group.push(instance)
    else groups.set(instance.reservationId, [instance])
  }
  return [...groups].map(([reservationId, members]) => ({
    reservationId,
    ownerId: members[0]?.ownerId,
    groupSet: [],
    instancesSet: members.map((instance) => instanceView(cloud, instance)),
  }))
}
