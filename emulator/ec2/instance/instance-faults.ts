import type { FaultRow } from '../../../src/protocol/faults.ts'

const notStopped = (id = '') => `The instance '${id}' is not in the 'stopped' state.`

/**
 * The faults of instance attributes, of repeated launches and of parameters that only one of the clouds has: a part of
 * the table of the EC2 service. Sources: VmControl and ComputeService of Eucalyptus; the EC2 API reference.
 */
export const instanceFaults = {
  idempotentMismatch: {
    code: 'IdempotentParameterMismatch',
    status: 400,
    message: () => 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
  },
  // VerifyMetadata of Eucalyptus; in AWS RunInstances refuses a profile in these words.
  profileArn: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (arn = '') => `Invalid IAM instance profile ARN: ${arn}`,
    aws: {
      message: (arn = '') =>
        `Value (${arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`,
    },
  },
  profileName: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '', account = '') => `Invalid IAM instance profile: ${account}/${name}`,
    aws: {
      message: (name = '') =>
        `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
    },
  },
  profileNames: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '', arn = '') => `Invalid IAM instance profile name '${name}' for ARN: ${arn}`,
    aws: {
      code: 'InvalidParameterCombination',
      message: () =>
        "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    },
  },
  profileWithoutRole: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (arn = '') => `Role not found for IAM instance profile ARN: ${arn}`,
    aws: { message: (arn = '') => `IAM Instance Profile "${arn}" has no associated IAM Roles` },
  },
  roleNotPassed: {
    code: 'UnauthorizedOperation',
    status: 403,
    message: (arn = '', account = '') => `Not authorized to pass role with ARN ${arn} for ${account}`,
    aws: { message: () => 'You are not authorized to perform this operation.' },
  },
  shutdownInstanceStore: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: () => 'The attribute instanceInitiatedShutdownBehavior can only be used for EBS-backed images.',
  },
  // The blank in the code is Eucalyptus' own.
  attributeMissing: {
    code: ' MissingParameter',
    status: 400,
    message: () => 'Attribute parameter is required',
    aws: { code: 'MissingParameter', message: () => 'The request must contain the parameter attribute' },
  },
  // Eucalyptus finds that the attribute is unknown, and then says so as if the instance were.
  attributeUnknown: {
    code: 'InvalidInstanceID.NotFound',
    status: 400,
    message: (_attribute = '', id = '') => `The instance ID '${id}' does not exist`,
    aws: {
      code: 'InvalidParameterValue',
      message: (attribute = '') => `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
    },
  },
  attributeValue: {
    code: 'InvalidInstanceAttributeValue',
    status: 400,
    message: (sentence = '') => sentence,
  },
  attributesCombined: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: (...names) =>
      names.length ? `Fields for multiple attribute types specified: ${names.join(', ')}` : 'No attributes specified.',
  },
  attributeUnsupported: {
    code: 'UnsupportedOperation',
    status: 400,
    message: (name = '', value = '') => `The attribute ${name} cannot be ${value} in this cloud`,
  },
  attributeNotStopped: {
    code: 'IncorrectInstanceState',
    status: 400,
    message: (id = '') => `The instance (${id}) is not in the 'stopped' state.`,
    aws: { message: notStopped },
  },
  resetNotStopped: { code: 'IncorrectInstanceState', status: 400, message: notStopped },
  attributeImage: {
    code: 'InvalidAMIID.NotFound',
    status: 400,
    message: (id = '') => `Image id (${id}) not found`,
    aws: { message: (id = '') => `The image id '[${id}]' does not exist` },
  },
  // Without a VPC the groups of an instance are those of its launch, and Eucalyptus words it so.
  attributeGroup: {
    code: 'InvalidGroup.NotFound',
    status: 400,
    message: (id = '') => `Security group (${id}) not found`,
  },
  attributeUserData: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'User data decoding error.',
    aws: { code: 'InvalidUserData.Malformed', message: () => 'Invalid BASE64 encoding of user data.' },
  },
  attributeUserDataTooLong: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'User data is limited to 16384 bytes',
  },
} satisfies Record<string, FaultRow>
