import type { FaultRow } from '../../../src/protocol/faults.ts'

/** The faults of tags: a part of the table of the EC2 service (TagManager and TagHelper of Eucalyptus; EC2 User Guide). */
export const tagFaults = {
  taggedIdInvalid: {
    code: 'InvalidID',
    status: 400,
    message: (id = '') => `The ID '${id}' is not valid`,
  },
  tagReserved: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => "Tag keys starting with 'aws:' and 'euca:' are reserved for internal use",
    aws: { message: () => "Tag keys starting with 'aws:' are reserved for internal use" },
  },
  tagKeyLength: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'Tag key exceeds the maximum length of 127 characters',
    aws: { message: () => 'Tag keys must have 1 to 128 characters' },
  },
  tagValueLength: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'Tag value exceeds the maximum length of 255 characters',
    aws: { message: () => 'Tag value exceeds the maximum length of 256 characters' },
  },
  tagKeyTwice: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'Duplicate tag key',
    aws: { message: (key = '') => `Duplicate tag key '${key}' specified.` },
  },
  tagLimit: {
    code: 'TagLimitExceeded',
    status: 400,
    message: () => 'The maximum number of Tags for a resource has been reached.',
  },
  tagKeyInvalid: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (key = '') => `Invalid key (max length 128, must not be empty, reserved prefixes [aws:, euca:]): ${key}`,
    aws: { message: (key = '') => `Value (${key}) for parameter key is invalid.` },
  },
  tagTypeTwice: {
    code: 'InvalidParameterValue',
    status: 400,
    message: () => 'The same resource type may not be specified more than once in tag specifications',
  },
  tagTypeInvalid: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (type = '') => `'${type}' is not a valid taggable resource type for this operation.`,
  },
} satisfies Record<string, FaultRow>
