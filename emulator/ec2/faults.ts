import { faults } from '../../src/protocol/faults.ts'
import { requestFaults } from '../../src/protocol/request-faults.ts'
import { addressFaults } from './address/address-faults.ts'
import { groupFaults } from './group/group-faults.ts'
import { imageFaults } from './image/image-faults.ts'
import { instanceFaults } from './instance/instance-faults.ts'
import { snapshotFaults } from './snapshot/snapshot-faults.ts'
import { tagFaults } from './tag/tag-faults.ts'
import { bundleFaults } from './task/bundle-faults.ts'
import { importFaults } from './task/import-faults.ts'
import { volumeFaults } from './volume/volume-faults.ts'

const noInstances = (...ids: string[]) =>
  ids.length > 1 ? `The instance IDs '${ids.join(', ')}' do not exist` : `The instance ID '${ids[0]}' does not exist`

/**
 * Every fault of the EC2 service: what Eucalyptus 6.0.0 answers (eucalyptus-behaviour.md sections 1.4 and 1.5) and where
 * AWS differs. A status of 500 for bad input is what the real cloud sends.
 */
export const fault = faults({
  // What any request may meet.
  ...requestFaults,
  unsupported: {
    code: 'UnsupportedOperation',
    status: 400,
    message: (action = '') => `The operation ${action} is not supported by this cloud`,
  },
  missingParameter: {
    code: 'MissingParameter',
    status: 400,
    message: (names = '') => `The request must contain the parameter ${names}`,
  },
  invalidParameterValue: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (value = '', name = '') => `Value (${value}) for parameter ${name} is invalid.`,
  },
  invalidFilter: {
    code: 'InternalFailure',
    status: 500,
    message: (name = '') => `The filter '${name}' is invalid.`,
    aws: { code: 'InvalidParameterValue', status: 400 },
  },

  pageToken: { code: 'InvalidParameterValue', status: 400, message: () => 'Unable to parse pagination token' },
  pageOfNamed: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: () => 'Resources that are named by their ids cannot be used with the parameter maxResults',
  },

  ...imageFaults,

  // Instances.
  ...instanceFaults,
  launchMapping: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (sentence = '') => sentence,
    aws: { code: 'InvalidBlockDeviceMapping' },
  },
  stopInstanceStore: {
    code: 'UnsupportedOperation',
    status: 400,
    message: (id = '') => `The instance '${id}' does not have an 'ebs' root device type and cannot be stopped.`,
  },
  instanceState: {
    code: 'IncorrectInstanceState',
    status: 400,
    message: (id = '', state = '') =>
      `The instance '${id}' is not in a state from which it can be changed so: ${state}`,
  },
  imageLookup: {
    code: 'InvalidAMIID.NotFound',
    status: 400,
    message: (id = '') => `Failed to lookup image named: ${id}`,
    aws: { message: (id = '') => `The image id '[${id}]' does not exist` },
  },
  imageDenied: {
    code: 'UnauthorizedOperation',
    status: 403,
    message: (id = '') => `${id}: permission denied.`,
    aws: {
      code: 'AuthFailure',
      status: 403,
      message: (id = '') => `Not authorized for images: [${id}]`,
    },
  },
  kernelLookup: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `Failed to lookup image named: ${id}`,
    aws: { code: 'InvalidAMIID.NotFound', status: 400 },
  },
  instanceTypeUnknown: {
    code: 'InternalFailure',
    status: 500,
    message: (name = '') => `Instance type does not exist: ${name}`,
    aws: {
      code: 'InvalidParameterValue',
      status: 400,
      message: (name = '') => `Invalid value '${name}' for InstanceType.`,
    },
  },
  // Who asks about a type, and does not launch it, has a code of AWS' own, as seen there.
  instanceTypeNotDescribed: {
    code: 'InternalFailure',
    status: 500,
    message: (name = '') => `Instance type does not exist: ${name}`,
    aws: {
      code: 'InvalidInstanceType',
      status: 400,
      message: (name = '') => `The following supplied instance types do not exist: [${name}]`,
    },
  },
  zoneUnavailable: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Not enough resources: no cluster controller is currently available to run instances.',
    aws: {
      code: 'InvalidParameterValue',
      status: 400,
      message: (zone = '') => `Invalid availability zone: [${zone}]`,
    },
  },
  countInverted: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Maximum instance count must not be smaller than minimum instance count',
    aws: { code: 'InvalidParameterCombination', status: 400 },
  },
  capacity: {
    code: 'ServiceUnavailable',
    status: 503,
    message: (have = '', zone = '', want = '') => `Not enough resources (${have} in ${zone} < ${want}): vm instances.`,
    aws: {
      code: 'InsufficientInstanceCapacity',
      status: 500,
      message: (have = '', zone = '', want = '') =>
        `There is room for ${have} of the ${want} instances that were asked for in ${zone}.`,
    },
  },
  imageExceedsType: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: (image = '', size = '', type = '', disk = '') =>
      `Unable to run instance ${image} in which the size ${size} bytes is greater than the vmType ${type} size ${disk} GB.`,
  },
  userDataTooLong: { code: 'InvalidParameterValue', status: 400, message: () => 'User data may not exceed 16 KB' },
  userDataMalformed: {
    code: 'InvalidUserData.Malformed',
    status: 400,
    message: () => 'Invalid BASE64 encoding of user data.',
  },
  keyPairNotFound: {
    code: 'InvalidKeyPair.NotFound',
    status: 400,
    message: (name = '') => `The key pair '${name}' does not exist`,
  },
  instanceIdMalformed: {
    code: 'InvalidInstanceID.Malformed',
    status: 400,
    message: (id = '') => `Invalid id: "${id}"`,
  },
  instanceNotFound: {
    code: 'InvalidInstanceID.NotFound',
    status: 400,
    message: noInstances,
  },
  rebootNotFound: {
    code: 'InternalFailure',
    status: 500,
    message: (...ids) => `No such instance(s): ${ids.join(', ')}`,
    aws: { code: 'InvalidInstanceID.NotFound', status: 400, message: noInstances },
  },
  terminationProtected: {
    code: 'OperationNotPermitted',
    status: 400,
    message: (id = '') => `Termination protection enabled for instance ${id}`,
  },
  instanceNotRunning: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `Instance ${id} is not in a running state.`,
    aws: { code: 'IncorrectInstanceState', status: 400 },
  },

  // Key pairs.
  keyPairDuplicate: {
    code: 'InvalidKeyPair.Duplicate',
    status: 400,
    message: (name = '') => `The keypair '${name}' already exists.`,
  },
  keyPairNameInvalid: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '') => `Invalid key name: ${name}`,
  },
  keyFormat: { code: 'InvalidKey.Format', status: 400, message: () => 'Key is not in valid OpenSSH public key format' },

  ...addressFaults,

  ...groupFaults,

  ...volumeFaults,

  ...bundleFaults,

  ...importFaults,

  ...snapshotFaults,

  ...tagFaults,

  // Zones and regions.
  zoneNotFound: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '') => `Invalid availability zone: [${name}]`,
  },
})
