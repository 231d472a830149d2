import { flag, list, optional, text, type Values } from '../../../src/protocol/shape.ts'
import { deviceMappings } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import { tagSpecifications } from '../tag/tag-specification.ts'
import type { ImageRecord } from './image.ts'

/** The parameters of RegisterImage. */
export const registration = {
  Name: optional(text),
  Description: optional(text),
  ImageLocation: optional(text),
  Architecture: optional(text),
  KernelId: optional(text),
  RamdiskId: optional(text),
  RootDeviceName: optional(text),
  VirtualizationType: optional(text),
  Platform: optional(text),
  BlockDeviceMapping: deviceMappings,
  EnaSupport: optional(flag),
  SriovNetSupport: optional(text),
  BillingProduct: list(text),
  BootMode: optional(text),
  TagSpecification: tagSpecifications,
}

/** A request for an image. */
export type Registration = Values<typeof registration>

/** What the request and the manifest or the snapshot make of the image. */
export type Described = Omit<ImageRecord, 'id' | 'ownerId' | 'state' | 'name' | 'createdAt' | 'public'>

/** Throws the fault for an architecture that Eucalyptus does not know. */
export function checkArchitecture(architecture: string): void {
  if (!['i386', 'x86_64', 'other'].includes(architecture)) throw fault('architectureUnknown', architecture)
}
