import type { Cloud } from '../../cloud.ts'
import { type Life, move } from '../../state/life.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import type { BootMode } from '../image/image.ts'
import type { MetadataOptions } from './metadata-options.ts'

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated'
export type InstanceEvent = 'started' | 'hostDown' | 'halt' | 'halted' | 'start' | 'end' | 'gone'

/**
 * eucalyptus-behaviour.md section 5.1. `hostDown`: the emulator ended with the machine running; it boots again. `halt`
 * is for EBS-backed instances only: stopped, they keep their volumes.
 */
export const instanceLife: Life<InstanceState, InstanceEvent> = {
  pending: { on: { started: 'running', hostDown: 'pending', halt: 'stopping', end: 'shutting-down' } },
  running: { on: { hostDown: 'pending', halt: 'stopping', end: 'shutting-down' } },
  stopping: { on: { halted: 'stopped', end: 'shutting-down' } },
  stopped: { on: { start: 'pending', end: 'shutting-down' } },
  'shutting-down': { on: { end: 'shutting-down', gone: 'terminated' } },
  terminated: { on: {} },
}

/** The numbers that go with the states' names. */
export const stateCode: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

const byUser = { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown' }
const internal = { code: 'Server.InternalError', message: 'Internal error on launch' }

/** What made an instance end, and how Eucalyptus words it (5.1), and AWS (StateReason of DescribeInstances). */
export const endings = {
  user: { reason: 'USER_TERMINATED: User terminated.', ...byUser },
  guest: {
    reason: 'NORMAL: ',
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Instance initiated shutdown',
  },
  failed: { reason: 'FAILED: The instance failed to start on the NC.', ...internal },
  crashed: {
    reason: 'FAILED: The machine of the instance ended unexpectedly.',
    code: 'Server.InternalError',
    message: 'The machine of the instance ended unexpectedly',
  },
  stopped: { reason: 'USER_STOPPED: User stopped.', ...byUser },
} as const

/** Why an instance ended, or stopped. */
export interface Ending {
  readonly kind: keyof typeof endings
  readonly detail?: string
  /** When a user asked for it. */
  readonly at?: string
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
  /** Of the request that brought the client token, to tell another request with the same token. */
  readonly requestDigest?: string
  readonly imageId: string
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly instanceType: string
  readonly zone: string
  readonly keyName?: string
  /** base64, as it was given. */
  readonly userData?: string
  readonly disableApiTermination: boolean
  /** What a power-off by its own guest makes of an EBS-backed instance in AWS; left out it stops. */
  readonly shutdownBehavior?: 'stop' | 'terminate'
  /** The password that the guest printed on its console for the owner of the key pair: RSA, base64. */
  readonly passwordData?: string
  /** The instance profile that it was launched with, whose role it may take on. */
  readonly instanceProfile?: { readonly arn: string; readonly id: string }
  /** How its metadata service behaves in AWS; left out as AWS has it by default. */
  readonly metadataOptions?: MetadataOptions
  readonly monitoring: boolean
  readonly architecture: string
  readonly platform?: 'windows'
  readonly virtualization: 'hvm' | 'paravirtual'
  /** AWS: its image's, when it was launched. */
  readonly bootMode?: BootMode
  /** What its machine last started by, where its image has a boot mode. */
  readonly currentBootMode?: 'legacy-bios' | 'uefi'
  readonly rootDeviceType: 'instance-store' | 'ebs'
  readonly rootDeviceName: string
  /** The ephemeral disks that were mapped, by device name; those that the type always has are not listed. */
  readonly ephemerals: readonly { readonly deviceName: string; readonly virtualName: string }[]
  readonly groupIds: readonly string[]
  readonly network: InstanceNetwork
  /**
   * Its disks are made, and these are the unpacked images that they rest on: until then a launch makes them afresh. An
   * EBS-backed instance has no root here, its volumes have records of their own.
   */
  readonly templates?: { readonly root?: string; readonly kernel?: string; readonly ramdisk?: string }
}

/** Where an instance is in the network; it keeps that for its life. */
export interface InstanceNetwork {
  readonly mac: string
  /** Of the private network. */
  readonly address: string
  /** Without the domain. */
  readonly hostname: string
  readonly domain: string
  /** Of the pool in 127.8.0.0/16. */
  readonly publicAddress: string
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

/** A state as it stands in answers. */
export const stateView = (state: InstanceState) => ({ code: stateCode[state], name: state as string })

/** Whether an instance has its place in the network and its volumes. */
export const isLive = ({ state }: InstanceRecord): boolean => state !== 'terminated'
