import { type FaultRow, faults } from '../../src/protocol/faults.ts'

const row = (code: string, status: number, message: string, aws?: FaultRow['aws']): FaultRow => ({
  code,
  status,
  message: () => message,
  ...(aws && { aws }),
})

/** A fault whose text is told where it is thrown. */
const told = (code: string, status: number): FaultRow => ({ code, status, message: (text = code) => text })

const notImplemented = 'A header you provided implies functionality that is not implemented.'
const brokenXml = 'The XML you provided was not well-formed or did not validate against our published schema.'

const brokenPolicy = 'The content of the form does not meet the conditions specified in the policy document. Detail: '
const brokenForm = 'The body of your POST request is not well-formed multipart/form-data.'

/**
 * A fault of a POST form's policy: a detail for Eucalyptus, whose UploadPolicyChecker has one code for all, and one for
 * AWS.
 */
const ofPolicy = (aws: FaultRow['aws']): FaultRow => ({
  code: 'InvalidPolicyDocument',
  status: 400,
  message: (detail = '') => brokenPolicy + detail,
  ...(aws && { aws }),
})

/**
 * Every fault of Object Storage beside those of signatures and payloads. Texts are those of Eucalyptus' S3 exceptions
 * (S3Exceptions.groovy) unless a row says otherwise; codes and status: eucalyptus-behaviour.md section 1.6.
 */
export const fault = faults({
  accessDenied: row('AccessDenied', 403, 'Access Denied'),
  // As seen on AWS.
  anonymousUpload: row('AccessDenied', 403, 'Anonymous users cannot initiate multipart uploads. Please authenticate.'),
  // S3 API reference, and Eucalyptus' CorsPreflight exceptions: a preflight request that says too little.
  badPreflight: told('BadRequest', 400),
  bucketAlreadyExists: row(
    'BucketAlreadyExists',
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
  ),
  bucketAlreadyOwnedByYou: row(
    'BucketAlreadyOwnedByYou',
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ),
  bucketNotEmpty: row('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty.'),
  // S3 API reference: what a preflight request gets from a bucket without a CORS configuration.
  corsDenied: row('AccessForbidden', 403, 'CORSResponse: CORS is not enabled for this bucket.'),
  corsMissing: {
    code: 'InvalidArgument',
    status: 400,
    message: (what = '') => `Invalid CORS rule: At least one ${what} is required`,
    aws: { code: 'MalformedXML', message: () => brokenXml },
  },
  // As seen on AWS, which does not say NoSuchBucket to pages of other origins.
  corsNoBucket: row('NoSuchBucket', 404, 'The specified bucket does not exist.', {
    code: 'AccessForbidden',
    status: 403,
    message: () => 'CORSResponse: Bucket not found',
  }),
  corsNotAllowed: row(
    'AccessForbidden',
    403,
    "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
  ),
  corsTooMany: row('MalformedXML', 400, brokenXml, {
    code: 'InvalidRequest',
    message: () => 'The number of CORS rules should not exceed allowed limit of 100 rules.',
  }),
  entityTooLarge: row('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed object size.'),
  entityTooSmall: row('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed object size.'),
  illegalVersioning: row(
    'IllegalVersioningConfigurationException',
    400,
    'Indicates that the Versioning configuration specified in the request is invalid.',
    { message: () => 'The Versioning element must be specified' },
  ),
  internalError: row('InternalError', 500, 'We encountered an internal error. Please try again.'),
  headerNotImplemented: row('NotImplemented', 501, notImplemented),
  invalidArgument: told('InvalidArgument', 400),
  invalidBucketName: row('InvalidBucketName', 400, 'The specified bucket is not valid.'),
  invalidBucketState: row('InvalidBucketState', 409, 'The request is not valid with the current state of the bucket.'),
  invalidLocation: row('InvalidLocationConstraint', 400, 'The specified location constraint is not valid.'),
  invalidPart: row(
    'InvalidPart',
    400,
    "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.",
  ),
  // S3 API reference.
  invalidPartNumber: row('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable'),
  invalidPartOrder: row(
    'InvalidPartOrder',
    400,
    'The list of parts was not in ascending order.Parts list must specified in order by part number.',
  ),
  invalidRange: row('InvalidRange', 416, 'The requested range cannot be satisfied.', {
    message: () => 'The requested range is not satisfiable',
  }),
  invalidRequest: told('InvalidRequest', 400),
  invalidStorageClass: row('InvalidStorageClass', 400, 'The storage class you specified is not valid'),
  invalidTag: told('InvalidTag', 400),
  invalidUri: row('InvalidURI', 400, "Couldn't parse the specified URI."),
  // A delete marker that was asked for by its id: S3 API reference, GetObject; Eucalyptus: ObjectStorageGateway.java, getObject.
  isDeleteMarker: row('NoSuchKey', 404, 'The specified key does not exist.', {
    code: 'MethodNotAllowed',
    status: 405,
    message: () => 'The specified method is not allowed against this resource.',
  }),
  keyTooLong: row('KeyTooLong', 400, 'Your key is too long.', { code: 'KeyTooLongError' }),
  malformedAcl: row('MalformedACLError', 400, brokenXml),
  malformedPost: {
    code: 'MalformedPOSTRequest',
    status: 400,
    message: (detail = brokenForm) => detail,
    aws: { message: () => brokenForm },
  },
  malformedXml: row('MalformedXML', 400, brokenXml),
  maxMessageLengthExceeded: row('MaxMessageLengthExceeded', 400, 'Your request was too big.'),
  // ObjectStorageGateway.setBucketPolicy has no code of its own for it.
  malformedPolicy: {
    code: 'InvalidArgument',
    status: 400,
    message: (why = '') => why,
    aws: { code: 'MalformedPolicy' },
  },
  metadataTooLarge: row('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size.'),
  methodNotAllowed: row('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.'),
  mfaRequired: row('AccessDenied', 403, 'Mfa Authentication must be used for this request'),
  missingContentLength: row('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.'),
  noSuchBucket: row('NoSuchBucket', 404, 'The specified bucket does not exist.'),
  noSuchBucketPolicy: row('NoSuchBucketPolicy', 404, 'The bucket policy does not exist'),
  noSuchCors: row('NoSuchCORSConfiguration', 404, 'The CORS configuration does not exist'),
  noSuchEncryption: row(
    'ServerSideEncryptionConfigurationNotFoundError',
    404,
    'The server side encryption configuration was not found',
  ),
  noSuchKey: row('NoSuchKey', 404, 'The specified key does not exist.'),
  noSuchLifecycle: row('NoSuchLifecycleConfiguration', 404, 'The lifecycle configuration does not exist.'),
  noSuchObjectLock: row(
    'ObjectLockConfigurationNotFoundError',
    404,
    'Object Lock configuration does not exist for this bucket',
  ),
  noSuchOwnershipControls: row('OwnershipControlsNotFoundError', 404, 'The bucket ownership controls were not found'),
  noSuchPublicAccessBlock: row(
    'NoSuchPublicAccessBlockConfiguration',
    404,
    'The public access block configuration was not found',
  ),
  noSuchReplication: row('ReplicationConfigurationNotFoundError', 404, 'The replication configuration was not found'),
  noSuchTagSet: row('NoSuchTagSet', 404, 'The TagSet does not exist'),
  noSuchUpload: row(
    'NoSuchUpload',
    404,
    'The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.',
  ),
  // Eucalyptus looks for a key and a version at once (ObjectStorageGateway.java, getObjectEntityAndCheckPermissions).
  noSuchVersion: row('NoSuchKey', 404, 'The specified key does not exist.', {
    code: 'NoSuchVersion',
    message: () => 'The specified version does not exist.',
  }),
  noSuchWebsite: row('NoSuchWebsiteConfiguration', 404, 'The specified bucket does not have a website configuration'),
  // ObjectStorageGETBinding.java and its like: known, but not supported.
  notImplemented: {
    code: 'NotImplemented',
    status: 501,
    message: (what = 'This') => `${what} is not implemented`,
    aws: { message: () => notImplemented },
  },
  policyInvalid: ofPolicy({ message: (_, detail = '') => `Invalid Policy: ${detail}` }),
  policyRefuses: ofPolicy({
    code: 'AccessDenied',
    status: 403,
    message: (_, detail = '') => `Invalid according to Policy: ${detail}`,
  }),
  postFieldMissing: ofPolicy({
    code: 'InvalidArgument',
    message: (_, name = '') =>
      `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  }),
  postFieldsTooLarge: row('MalformedPOSTRequest', 400, brokenForm, {
    code: 'MaxPostPreDataLengthExceededError',
    message: () => 'Your POST request fields preceding the upload file were too large.',
  }),
  postNoFile: row('MalformedPOSTRequest', 400, 'No upload content found', {
    code: 'InvalidArgument',
    message: () => 'POST requires exactly one file upload per request.',
  }),
  postNotForm: row('MalformedPOSTRequest', 400, 'Content-Type not multipart/form-data', {
    code: 'PreconditionFailed',
    status: 412,
    message: () => 'Bucket POST must be of the enclosure-type multipart/form-data',
  }),
  postTooLarge: ofPolicy({
    code: 'EntityTooLarge',
    message: () => 'Your proposed upload exceeds the maximum allowed size',
  }),
  postTooSmall: ofPolicy({
    code: 'EntityTooSmall',
    message: () => 'Your proposed upload is smaller than the minimum allowed size',
  }),
  preconditionFailed: row('PreconditionFailed', 412, 'At least one of the preconditions you specified did not hold.', {
    message: () => 'At least one of the pre-conditions you specified did not hold',
  }),
  tooManyBuckets: row('TooManyBuckets', 400, 'You have attempted to create more buckets than allowed.'),
  // Sub-resources of objects that no binding of Eucalyptus maps (section 10.1).
  unmapped: row('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', {
    code: 'NotImplemented',
    status: 501,
    message: () => notImplemented,
  }),
  // ObjectStorageGateway.java, setBucketTagging; AWS as ceph/s3-tests expects it.
  tooManyTags: row('MalformedXML', 400, brokenXml, {
    code: 'InvalidTag',
    message: (most = '') => `There cannot be more than ${most} tags`,
  }),
  unresolvableGrant: row(
    'UnresolvableGrantByEmailAddress',
    400,
    'The e-mail address you provided does not match any account on record.',
  ),
})

/** The name of a fault in the table. */
export type FaultName = Parameters<typeof fault>[0]
