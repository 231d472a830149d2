import type { FaultRow } from '../../../src/protocol/faults.ts'

/** What Eucalyptus throws as a plain exception, so that the client sees 500 (eucalyptus-behaviour.md section 1.4). */
const internal = { code: 'InternalFailure', status: 500 }

/** The faults of volumes (eucalyptus-behaviour.md sections 1.5 and 7.2), a part of the table of the EC2 service. */
export const volumeFaults = {
  volumeIdMalformed: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (id = '') => `Value (${id}) for parameter volume is invalid. Expected: 'vol-...'.`,
  },
  volumeNotFound: {
    code: 'InvalidVolume.NotFound',
    status: 400,
    message: (id = '') => `The volume '${id}' does not exist`,
  },
  volumeZoneNotFound: {
    code: 'InvalidZone.NotFound',
    status: 400,
    message: (zone = '') => `The zone '${zone}' does not exist.`,
    aws: { code: 'InvalidParameterValue', message: (zone = '') => `Invalid availability zone: [${zone}]` },
  },
  volumeSizeMissing: {
    ...internal,
    message: () => 'One of size or snapshotId is required',
    aws: {
      code: 'MissingParameter',
      status: 400,
      message: () => 'The request must contain the parameter size/snapshot',
    },
  },
  volumeSizeInvalid: {
    ...internal,
    message: (size = '') => `Value (${size}) for parameter size is invalid.`,
    aws: { code: 'InvalidParameterValue', status: 400 },
  },
  volumeSmallerThanSnapshot: {
    ...internal,
    message: () => 'Volume size cannot be less than snapshot size',
    aws: { code: 'InvalidParameterValue', status: 400 },
  },
  volumeTooLarge: {
    code: 'VolumeLimitExceeded',
    status: 400,
    message: () => 'Max Volume Size Limit Exceeded',
    aws: { code: 'InvalidParameterValue', message: () => 'The volume is too large; the maximum is 16384 GiB.' },
  },
  volumesTooLarge: { code: 'VolumeLimitExceeded', status: 400, message: () => 'Total Volume Size Limit Exceeded' },
  volumeAttributeMissing: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: () => 'No attributes specified',
    aws: { message: () => 'No attributes specified.' },
  },
  volumeAttributeUnknown: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (attribute = '') => `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
  },
  volumeInUse: {
    code: 'VolumeInUse',
    status: 400,
    message: (id = '', instance = '') => `Volume ${id} is currently attached to ${instance}`,
  },
  volumeNotAvailable: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '', state = '') => `Volume '${id}' is not 'available': ${state}`,
  },
  volumeNotAttached: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '') => `Volume '${id}' is in the 'available' state.`,
  },
  attachmentNotFound: {
    code: 'InvalidAttachment.NotFound',
    status: 400,
    message: (id = '', instance = '') => `Volume '${id}' is not attached to the instance '${instance}'`,
  },
  attachInstanceState: {
    code: 'IncorrectState',
    status: 400,
    message: (instance = '') => `Instance '${instance}' is not 'running'`,
  },
  attachZone: {
    ...internal,
    message: (zone = '') => `Can only attach volumes in the same zone: ${zone}`,
    aws: { code: 'InvalidVolume.ZoneMismatch', status: 400 },
  },
  deviceInvalid: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (device = '') => `Value (${device}) for parameter device is invalid.`,
  },
  deviceInUse: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (device = '') => `Already have a device attached to: ${device}`,
  },
  detachDevice: {
    ...internal,
    message: (id = '', device = '') => `Volume ${id} is not attached as ${device}`,
    aws: { code: 'InvalidAttachment.NotFound', status: 400 },
  },
  detachRoot: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '', instance = '') => `Volume ${id} is the root device of ${instance}, which is not 'stopped'`,
    aws: {
      code: 'OperationNotPermitted',
      message: (id = '', instance = '') =>
        `Unable to detach root volume '${id}' from instance '${instance}', which is not stopped`,
    },
  },
  detachUnderWay: {
    ...internal,
    message: (id = '', state = '') => `Failed to detach volume which is currently ${state}: ${id}`,
    aws: { code: 'IncorrectState', status: 400 },
  },
} satisfies Record<string, FaultRow>
