import type { FaultRow } from '../../../src/protocol/faults.ts'

const invalid = (message: FaultRow['message']): FaultRow => ({ code: 'InvalidParameterValue', status: 400, message })
/** The blank in the code is Eucalyptus' own. */
const blankInvalid = (message: FaultRow['message']): FaultRow => ({
  code: ' InvalidParameterValue',
  status: 400,
  message,
  aws: { code: 'InvalidParameterValue' },
})
const unknownBundle = (id = '') => `The bundle ID '${id}' does not exist`

/**
 * The faults of bundle tasks, a part of the table of the EC2 service. Source: VmControl and Bundles of Eucalyptus; of AWS
 * the codes are those of the EC2 API reference.
 */
export const bundleFaults = {
  bundlePlace: blankInvalid((value = '', name = '') => `Value (${value}) for parameter ${name} is invalid.`),
  bundlePolicyTooLong: blankInvalid(() => 'Value for parameter UploadPolicy is invalid (too long)'),
  bundlePolicy: invalid(() => 'Value for UploadPolicy is invalid.'),
  bundlePolicyCustom: invalid(() => 'Custom policy is not acceptable for bundle instance'),
  bundleSignature: invalid(() => 'Value for UploadPolicySignature is invalid.'),
  bundleAccessKey: invalid((id = '') => `Value (${id}) for AWSAccessKeyId is invalid.`),
  bundlePrefixInUse: invalid((bucket = '', prefix = '') => `Bucket prefix in use ${bucket}/${prefix}`),
  bundleBucketTaken: invalid((bucket = '') => `Bucket already exists ${bucket}`),
  bundleBucketRefused: {
    code: 'InternalError',
    status: 500,
    message: (bucket = '') => `Unable to create bucket ${bucket}`,
    aws: {
      code: 'InvalidParameterValue',
      status: 400,
      message: (bucket = '', reason = '') => `Unable to create bucket ${bucket}: ${reason}`,
    },
  },
  bundleNotRunning: {
    code: 'InvalidState',
    status: 400,
    message: (id = '') => `Failed to bundle requested vm because it is not currently 'running': ${id}`,
  },
  bundleInProgress: {
    code: 'BundlingInProgress',
    status: 400,
    message: (id = '') => `Instance is already being bundled: ${id}`,
  },
  // AWS only: Eucalyptus bundles every instance.
  bundleUnsupported: {
    code: 'UnsupportedOperation',
    status: 400,
    message: (id = '') =>
      `The instance '${id}' is not an instance-store backed Windows instance and cannot be bundled.`,
  },
  bundleIdMalformed: {
    code: 'InvalidInstanceID.Malformed',
    status: 400,
    message: (id = '') => `Invalid id: "${id}"`,
    aws: { code: 'InvalidBundleID.NotFound', message: unknownBundle },
  },
  bundleNotFound: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `Failed to find bundle task: ${id}`,
    aws: { code: 'InvalidBundleID.NotFound', status: 400, message: unknownBundle },
  },
  bundleNotCancellable: {
    code: 'InternalFailure',
    status: 500,
    message: (state = '') => `Can't cancel bundle task when the bundle task is ${state}`,
    aws: { code: 'IncorrectState', status: 400 },
  },
} satisfies Record<string, FaultRow>
