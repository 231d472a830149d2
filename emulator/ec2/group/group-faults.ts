import type { FaultRow } from '../../../src/protocol/faults.ts'

/** What Eucalyptus throws as a plain exception, so that the client sees 500 (eucalyptus-behaviour.md section 1.4). */
const internal = { code: 'InternalFailure', status: 500 }

/** The faults of security groups and their rules, a part of the table of the EC2 service. */
export const groupFaults = {
  groupNotFound: {
    code: 'InvalidGroup.NotFound',
    status: 400,
    message: (name = '') => `The security group '${name}' does not exist`,
  },
  groupIdMalformed: {
    code: 'InvalidGroupId.Malformed',
    status: 400,
    message: (id = '') => `Invalid id: "${id}" (expecting "sg-...")`,
  },
  groupUnnamed: {
    ...internal,
    message: () => 'Group id or name required',
    aws: {
      code: 'MissingParameter',
      status: 400,
      message: () => 'The request must contain the parameter groupName or groupId',
    },
  },
  groupNotInVpc: {
    code: 'InvalidGroup.NotFound',
    status: 400,
    message: (id = '') => `VPC security group (${id}) not found`,
  },
  groupTextInvalid: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (text = '', name = '', why = '') => `Value (${text}) for parameter ${name} is invalid. ${why}`,
  },
  groupDuplicate: {
    code: 'InvalidGroup.Duplicate',
    status: 400,
    message: (name = '') => `The security group '${name}' already exists`,
  },
  groupNameReserved: {
    code: 'InvalidGroup.Duplicate',
    status: 400,
    message: (name = '') => `The security group '${name}' already exists`,
    aws: {
      code: 'InvalidParameterValue',
      message: (name = '') => `Cannot use reserved security group name: ${name}`,
    },
  },
  groupReserved: {
    code: 'InvalidGroup.Reserved',
    status: 400,
    message: () => "The security group 'default' is reserved",
    aws: {
      code: 'CannotDelete',
      message: (id = '') => `the specified group: "${id}" name: "default" cannot be deleted by a user`,
    },
  },
  groupInUse: {
    code: 'InvalidGroup.InUse',
    status: 400,
    message: () => 'Specified group cannot be deleted because it is in use.',
    aws: { code: 'DependencyViolation', message: (id = '') => `resource ${id} has a dependent object` },
  },
  vpcNotFound: {
    code: 'InvalidVpcID.NotFound',
    status: 400,
    message: (id = '') => `The vpc ('${id}') was not found`,
    aws: { message: (id = '') => `The vpc ID '${id}' does not exist` },
  },

  // Rules.
  protocolInvalid: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: (protocol = '') => `Invalid protocol (${protocol})`,
    aws: {
      code: 'InvalidParameterValue',
      message: (protocol = '') => `Invalid value '${protocol}' for IP protocol. Unknown protocol.`,
    },
  },
  portsMissing: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: () => 'Both ports must be provided for tcp and udp',
    aws: {
      code: 'InvalidParameterValue',
      message: () => "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
    },
  },
  portOutOfRange: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: (low = '', high = '') =>
      `Provided ports must be ${Math.min(Number(low), Number(high)) < 0 ? 'greater than 0' : 'less than 65535'}: ` +
      `lowPort=${low} highPort=${high}`,
    aws: {
      code: 'InvalidParameterValue',
      message: (low = '', high = '') =>
        `TCP/UDP port (${Number(low) < 0 || Number(low) > 65_535 ? low : high}) out of range`,
    },
  },
  portsInverted: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: (low = '', high = '') => `Provided lowPort is greater than highPort: lowPort=${low} highPort=${high}`,
    aws: {
      code: 'InvalidParameterValue',
      message: (low = '', high = '') => `Invalid TCP/UDP port range (${low}:${high})`,
    },
  },
  icmpOutOfRange: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (code = '') => `ICMP code (${code}) out of range. Supported range for ICMP code and type is 0 to 255`,
  },
  cidrInvalid: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: (cidr = '') => `Invalid IP range: '${cidr}'`,
    aws: { code: 'InvalidParameterValue', message: (cidr = '') => `CIDR block ${cidr} is malformed` },
  },
  permissionCombination: {
    ...internal,
    message: (one = '', other = '') => `InvalidParameterCombination: ${one} and ${other} must not both be set`,
    aws: {
      code: 'InvalidParameterCombination',
      status: 400,
      message: (one = '', other = '') => `${one} and ${other} must not both be set`,
    },
  },
  permissionIncomplete: {
    ...internal,
    message: (absent = '', given = '') => `MissingParameter: ${absent} must be set if ${given} is set.`,
    aws: {
      code: 'MissingParameter',
      status: 400,
      message: (absent = '') => `The request must contain the parameter ${absent}`,
    },
  },
  permissionMissing: {
    ...internal,
    message: () => 'Missing source specification: include source security group or CIDR information',
    aws: { code: 'MissingParameter', status: 400 },
  },
  permissionSourceMissing: {
    code: 'InvalidPermission.Malformed',
    status: 400,
    message: () => 'Invalid Ip Permissions:  must specify either a source cidr or user',
    aws: { code: 'MissingParameter' },
  },
  sourceGroupUnnamed: {
    ...internal,
    message: () => 'Group ID or Group Name required.',
    aws: { code: 'MissingParameter', status: 400 },
  },
  permissionRepeated: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'The same permission must not appear multiple times',
  },
  permissionDuplicate: {
    code: 'InvalidPermission.Duplicate',
    status: 400,
    message: (rule = '') => `the specified rule "${rule}, ALLOW" already exists`,
  },
  permissionNotFound: {
    code: 'InvalidPermission.NotFound',
    status: 400,
    message: () => 'The specified rule does not exist in this security group.',
  },
} satisfies Record<string, FaultRow>
