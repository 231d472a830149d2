const invalidId = { code: 'InternalFailure', status: 500, message: (id = '') => `Invalid id: "${id}"` }

/** The faults of images (eucalyptus-behaviour.md sections 1.5 and 2). */
export const imageFaults = {
  imageNotFound: {
    code: 'InvalidAMIID.NotFound',
    status: 400,
    message: (id = '') => `The image ID '${id}' does not exist`,
    aws: { message: (id = '') => `The image id '[${id}]' does not exist` },
  },
  describedImageIdMalformed: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (id = '') => `Value (${id}) for parameter images is invalid.`,
    aws: { code: 'InvalidAMIID.Malformed', message: (id = '') => `Invalid id: "${id}"` },
  },
  imageIdMalformed: {
    ...invalidId,
    aws: { code: 'InvalidAMIID.Malformed', status: 400, message: (id = '') => `Invalid id: "${id}"` },
  },
  imageUnavailable: {
    code: 'InvalidAMIID.Unavailable',
    status: 400,
    message: (id = '') => `The image ID '${id}' is no longer available`,
  },
  imageNotYours: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Not authorized to deregister image',
    aws: { code: 'AuthFailure', status: 403, message: (id = '') => `Not authorized for image:${id}` },
  },
  // Eucalyptus has a plain exception for it.
  modifiedImageNotFound: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `The image ID '${id}' does not exist`,
    aws: { code: 'InvalidAMIID.NotFound', status: 400, message: (id = '') => `The image id '[${id}]' does not exist` },
  },
  imageAttributeDenied: {
    code: 'InternalFailure',
    status: 500,
    message: (_id = '', verb = '') => `Not authorized to ${verb} image attribute`,
    aws: { code: 'AuthFailure', status: 403, message: (id = '') => `Not authorized for image:${id}` },
  },
  imageAttributeUnknown: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'invalid image attribute request.',
    aws: {
      code: 'InvalidParameterValue',
      status: 400,
      message: (attribute = '') => `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
    },
  },
  imageAttributeRestricted: {
    code: 'AuthFailure',
    status: 403,
    message: () => 'Unauthorized attempt to access restricted resource',
  },
  granteeInvalid: {
    code: 'InternalFailure',
    status: 500,
    message: (value = '') => `Not a valid userId : ${value}`,
    aws: {
      code: 'InvalidAMIAttributeItemValue',
      status: 400,
      message: (value = '', type = '') => `Invalid attribute item value "${value}" for ${type} item type.`,
    },
  },
  imageNameMalformed: {
    code: 'InvalidAMIName.Malformed',
    status: 400,
    message: () =>
      'AMI names must be between 3 and 128 characters long, and may contain letters, numbers, ' +
      "'(', ')', '.', '-', '/' and '_'",
  },
  imageNameDuplicate: {
    code: 'InvalidAMIName.Duplicate',
    status: 400,
    message: (name = '', id = '') => `AMI name ${name} is already in use by EMI ${id}`,
    aws: { message: (name = '', id = '') => `AMI name ${name} is already in use by AMI ${id}` },
  },
  descriptionTooLong: {
    code: 'InvalidParameter',
    status: 400,
    message: () => 'AMI descriptions must be less than 256 characters long',
  },
  kernelMissing: { code: 'MissingParameter', status: 400, message: () => 'Kernel ID must be specified' },
  ramdiskMissing: { code: 'MissingParameter', status: 400, message: () => 'Ramdisk ID must be specified' },
  registerNothing: {
    code: 'InternalFailure',
    status: 500,
    message: () =>
      'Invalid request:  the request must specify either ImageLocation for an instance-store image or a snapshot ' +
      'for the root device of an EBS image',
    aws: { code: 'MissingParameter', status: 400 },
  },
  imageSnapshot: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Failed to create image from specified block device mapping',
    aws: {
      code: 'InvalidSnapshot.NotFound',
      status: 400,
      message: (id = '') => `The snapshot '${id}' does not exist.`,
    },
  },
  paravirtualFromSnapshot: {
    code: 'UnsupportedOperation',
    status: 400,
    message: () => 'Paravirtual images from snapshots are not supported by this cloud',
  },
  locationInvalid: {
    code: 'InternalFailure',
    status: 500,
    message: (location = '') => `Invalid image location: ${location}`,
    aws: { code: 'InvalidManifest', status: 400 },
  },
  manifestUnreadable: {
    code: 'InternalFailure',
    status: 500,
    message: (location = '') => `Failed to read manifest file: ${location}`,
    aws: { code: 'InvalidManifest', status: 400 },
  },
  manifestNotYours: { code: 'AuthFailure', status: 400, message: () => 'Manifest is not accessible' },
  kernelByAdministratorsOnly: {
    code: 'InternalFailure',
    status: 500,
    message: (kind = '') => `Only administrators can register ${kind} images.`,
    aws: { code: 'OperationNotPermitted', status: 400 },
  },
  imageTooLarge: {
    code: 'InternalFailure',
    status: 500,
    message: (size = '', limit = '') => `Cannot register image of size ${size} bytes; the limit is ${limit} GB`,
    aws: { code: 'InvalidManifest', status: 400 },
  },
  virtualizationUnknown: {
    code: 'InternalFailure',
    status: 500,
    message: (value = '') => `Unknown virtualization-type ${value}`,
    aws: { code: 'InvalidParameterValue', status: 400 },
  },
  architectureUnknown: {
    code: 'InternalFailure',
    status: 500,
    message: (value = '') => `Unknown architecture ${value}`,
    aws: { code: 'InvalidParameterValue', status: 400 },
  },
  creationMapping: { code: 'InvalidBlockDeviceMapping', status: 400, message: (sentence = '') => sentence },
  creationInstanceId: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (id = '') => `Value (${id}) for parameter instanceId is invalid. Expected: 'i-...'.`,
    aws: { code: 'InvalidInstanceID.Malformed', message: (id = '') => `Invalid id: "${id}"` },
  },
  creationInstanceNotFound: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `Instance does not exist: ${id}`,
    aws: {
      code: 'InvalidInstanceID.NotFound',
      status: 400,
      message: (id = '') => `The instance ID '${id}' does not exist`,
    },
  },
  creationDenied: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '') => `Not authorized to create an image from instance ${id}`,
    aws: {
      code: 'InvalidInstanceID.NotFound',
      status: 400,
      message: (id = '') => `The instance ID '${id}' does not exist`,
    },
  },
  creationInstanceStore: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Cannot create an image from an instance which is not booted from an EBS volume',
    aws: {
      code: 'InvalidParameterValue',
      status: 400,
      message: (id = '') => `The instance ${id} does not have an EBS volume as its root device.`,
    },
  },
  creationState: {
    code: 'InternalFailure',
    status: 500,
    message: (id = '', state = '') =>
      "Cannot create an image from an instance which is not in either the 'running' or 'stopped' state: " +
      `${id} is in state ${state}`,
    aws: {
      code: 'IncorrectState',
      status: 400,
      message: (id = '', state = '') => `Instance '${id}' is not 'running' or 'stopped': ${state}`,
    },
  },
  creationUnderWay: {
    code: 'InternalFailure',
    status: 500,
    message: () => 'Existing CreateImage task is found for the instance',
  },
  copyDenied: {
    code: 'InvalidRequest',
    status: 400,
    message: () => 'You do not have permission to access the storage of this ami',
  },
  bootModeNotHvm: {
    code: 'InvalidParameterCombination',
    status: 400,
    message: (mode = '') => `The boot mode ${mode} is supported only by images of virtualization type hvm`,
  },
  deviceMapping: {
    code: 'InternalFailure',
    status: 500,
    message: (sentence = '') => sentence,
    aws: { code: 'InvalidBlockDeviceMapping', status: 400 },
  },
}
