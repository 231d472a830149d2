import { flag, integer, list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import { deviceMappings } from '../device-mapping.ts'
import { tagSpecifications } from '../tag/tag-specification.ts'
import { metadataOptionsInput } from './metadata-options.ts'

/** The parameters of RunInstances (eucalyptus-behaviour.md section 5.2). */
export const launchInput = {
  ImageId: text,
  MinCount: integer,
  MaxCount: integer,
  InstanceType: optional(text),
  KeyName: optional(text),
  KernelId: optional(text),
  RamdiskId: optional(text),
  UserData: optional(text),
  ClientToken: optional(text),
  AddressingType: optional(text),
  SecurityGroup: list(text),
  SecurityGroupId: list(text),
  Placement: optional(struct({ AvailabilityZone: optional(text), GroupName: optional(text), Tenancy: optional(text) })),
  Monitoring: optional(struct({ Enabled: optional(flag) })),
  DisableApiTermination: optional(flag),
  InstanceInitiatedShutdownBehavior: optional(text),
  EbsOptimized: optional(flag),
  BlockDeviceMapping: deviceMappings,
  IamInstanceProfile: optional(struct({ Arn: optional(text), Name: optional(text) })),
  TagSpecification: tagSpecifications,
  MetadataOptions: optional(struct(metadataOptionsInput)),
}

/** What a launch asks for. */
export type LaunchRequest = Values<typeof launchInput>
