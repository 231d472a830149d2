import { flag, integer, list, optional, struct, text, type Values } from '../../src/protocol/shape.ts'
import { fault } from './faults.ts'

/** `BlockDeviceMapping.n`: what an image or a launch says of a device. */
export const deviceMappings = list(
  struct({
    DeviceName: optional(text),
    VirtualName: optional(text),
    NoDevice: optional(text),
    Ebs: optional(
      struct({
        SnapshotId: optional(text),
        VolumeSize: optional(integer),
        VolumeType: optional(text),
        Iops: optional(integer),
        DeleteOnTermination: optional(flag),
        Encrypted: optional(flag),
      }),
    ),
  }),
)

/** One mapping as it is sent. */
export type DeviceMapping = Values<{ all: typeof deviceMappings }>['all'][number]

/** What is said of a virtual name that names no ephemeral disk. */
export const badVirtualName = (device: string): string =>
  `Virtual device name must be of the form ephemeral[0123]. Fix the mapping for ${device}`

/**
 * The rules for the devices of a registration or a launch (eucalyptus-behaviour.md section 2.3): names are unique and name
 * no partition, unless it is one that may stand for its disk; virtual names are those of ephemeral disks.
 */
export function checkDevices(mappings: readonly DeviceMapping[], allowedPartition?: string): void {
  const seen = new Set<string>()
  for (const { DeviceName = '', VirtualName, NoDevice } of mappings) {
    const name = DeviceName.replace(/^\/dev\//, '')
    if (!/^(?:sd|vd|hd|xvd)[a-z][1-9]*$/.test(name)) {
      throw fault('deviceMapping', `Device name ${DeviceName} is invalid`)
    }
    if (/\d$/.test(name) && name !== allowedPartition) {
      throw fault('deviceMapping', `${DeviceName} is not supported. Device name cannot be a partition`)
    }
    if (seen.has(name)) throw fault('deviceMapping', `${DeviceName} is assigned multiple times`)
    seen.add(name)
    if (VirtualName !== undefined && NoDevice === undefined && !/^ephemeral[0-3]$/.test(VirtualName)) {
      throw fault('deviceMapping', badVirtualName(DeviceName))
    }
  }
}

/** Throws when an image's mappings name more than one ephemeral disk. */
export function refuseSeveralEphemerals(mappings: readonly DeviceMapping[]): void {
  const ephemerals = mappings.filter(({ VirtualName, NoDevice }) => VirtualName !== undefined && NoDevice === undefined)
  if (ephemerals.length > 1) {
    const sentence = 'Only one ephemeral device is supported. More than one ephemeral device mappings found'
    throw fault('deviceMapping', sentence)
  }
}

/**
 * The rules for the mappings of an instance-store image or instance: no EBS. Of several ephemeral disks an image is
 * refused, a launch has the first.
 */
export function refuseEbs(mappings: readonly DeviceMapping[], what: 'image' | 'launch'): void {
  checkDevices(mappings)
  if (mappings.some(({ Ebs }) => Ebs)) throw fault('deviceMapping', 'Ebs block device mappings are not supported')
  if (what === 'image') refuseSeveralEphemerals(mappings)
}
