import type { FaultRow } from '../../../src/protocol/faults.ts'

/** What Eucalyptus throws as a plain exception, so that the client sees 500 (eucalyptus-behaviour.md section 1.4). */
const internal = { code: 'InternalFailure', status: 500 }

/**
 * The faults of elastic addresses, a part of the table of the EC2 service. Sources: eucalyptus-behaviour.md section 1.5
 * and AddressManager of Eucalyptus; the EC2 API reference.
 */
export const addressFaults = {
  addressUnnamed: {
    code: 'MissingParameter',
    status: 400,
    message: () => 'PublicIp or AllocationId required',
    aws: { message: () => 'Either public IP or allocation id must be specified' },
  },
  addressNamedTwice: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: () => 'You may specify public IP or allocation id, but not both in the same call',
  },
  addressNotFound: {
    code: 'InvalidAddressID.NotFound',
    status: 400,
    message: (address = '') => `Address (${address}) not found`,
    aws: { code: 'InvalidAddress.NotFound', message: (address = '') => `Address '${address}' not found.` },
  },
  allocationNotFound: {
    code: 'InvalidAddressID.NotFound',
    status: 400,
    message: (id = '') => `Address not found for allocation (${id})`,
    aws: { code: 'InvalidAllocationID.NotFound', message: (id = '') => `The allocation ID '${id}' does not exist` },
  },
  associationNotFound: {
    code: 'InvalidAssociationID.NotFound',
    status: 400,
    message: (id = '') => `Association identifier (${id}) not found.`,
    aws: { message: (id = '') => `The association ID '${id}' does not exist` },
  },
  addressDenied: {
    ...internal,
    message: (address = '') => `Cannot associate an address which is not allocated to your account: ${address}`,
    aws: {
      code: 'AuthFailure',
      status: 400,
      message: (address = '') => `The address '${address}' does not belong to you.`,
    },
  },
  addressUnavailable: {
    code: 'InvalidAddressID.NotFound',
    status: 400,
    message: () => 'The requested IP address does not exist or is unavailable',
    aws: { code: 'InvalidAddress.NotFound' },
  },
  addressesExhausted: {
    ...internal,
    message: () => "couldn't allocate addresses",
    aws: {
      code: 'InsufficientAddressCapacity',
      message: () => 'There are not enough free public addresses to satisfy the request.',
    },
  },
  addressInstanceMissing: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: () => 'InstanceId must be specified when using PublicIp',
    aws: { code: 'MissingParameter', message: () => 'Either instance ID or network interface id must be specified' },
  },
  addressInstanceId: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (id = '') => `Value (${id}) for parameter instanceId is invalid. Expected: 'i-...'.`,
    aws: { code: 'InvalidInstanceID.Malformed', message: (id = '') => `Invalid id: "${id}"` },
  },
  addressInstanceState: {
    code: 'InvalidInstanceID',
    status: 400,
    message: (id = '') => `The instance '${id}' is not in a valid state for this operation.`,
  },
  addressAssociated: {
    code: 'Resource.AlreadyAssociated',
    status: 400,
    message: (id = '', association = '') => `resource ${id} is already associated with associate-id ${association}`,
  },
  addressOfVpc: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'You must specify an association id when unmapping an address from a VPC instance',
  },
  addressInUse: {
    code: 'InvalidIPAddress.InUse',
    status: 400,
    message: (address = '') => `Address ${address} is in use.`,
  },
} satisfies Record<string, FaultRow>
