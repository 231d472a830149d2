import type { Fidelity } from '../../src/protocol/faults.ts'

/** Actions of the query APIs that Eucalyptus has and this cloud does not have yet. */
const ofEucalyptus: readonly string[] = [
  ...'DescribeAccountAttributes'.split(' '),
  ...'DescribeSubnets'.split(' '),
  ...'DescribeVpcs'.split(' '),
  'ModifyVolume',
  ...'CopySnapshot DescribeVolumeStatus DescribeVolumesModifications EnableVolumeIO'.split(' '),
  // IAM and STS.
  ...'CreateAccessKey CreateAccount CreateSigningCertificate CreateUser DeleteAccessKey DeleteAccount'.split(' '),
  ...'GetAccessToken GetSessionToken ListAccessKeys UploadSigningCertificate'.split(' '),
  ...'AttachRolePolicy DetachRolePolicy GetAccountSummary ListAccountAliases ListAttachedRolePolicies'.split(' '),
  ...'AssociateIamInstanceProfile DescribeIamInstanceProfileAssociations DescribeServices'.split(' '),
  ...'DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation UpdateAssumeRolePolicy'.split(' '),
]

/** Those for images, volumes and snapshots that only AWS has (EC2 API reference, 2016-11-15). */
const ofAws: readonly string[] = [
  ...'AttachImageWatermark CancelImageLaunchPermission CopyVolumes CreateImageUsageReport'.split(' '),
  ...'CreateReplaceRootVolumeTask CreateRestoreImageTask CreateSnapshots CreateStoreImageTask'.split(' '),
  ...'DeleteImageUsageReport DescribeFastLaunchImages DescribeFastSnapshotRestores'.split(' '),
  ...'DescribeImageReferences DescribeImageUsageReportEntries DescribeImageUsageReports'.split(' '),
  ...'DescribeInstanceImageMetadata DescribeLockedSnapshots DescribeReplaceRootVolumeTasks'.split(' '),
  ...'DescribeSnapshotTierStatus DescribeStoreImageTasks DetachImageWatermark'.split(' '),
  ...'DisableAllowedImagesSettings DisableEbsEncryptionByDefault DisableFastLaunch'.split(' '),
  ...'DisableFastSnapshotRestores DisableImage DisableImageBlockPublicAccess'.split(' '),
  ...'DisableImageDeregistrationProtection DisableSnapshotBlockPublicAccess'.split(' '),
  ...'EnableAllowedImagesSettings EnableEbsEncryptionByDefault EnableFastLaunch'.split(' '),
  ...'EnableFastSnapshotRestores EnableImage EnableImageBlockPublicAccess'.split(' '),
  ...'EnableImageDeregistrationProtection EnableSnapshotBlockPublicAccess GetAllowedImagesSettings'.split(' '),
  ...'GetEbsDefaultKmsKeyId GetEbsEncryptionByDefault GetImageAncestry GetImageBlockPublicAccessState'.split(' '),
  ...'GetImageFindings GetSnapshotBlockPublicAccessState ListImagesInRecycleBin'.split(' '),
  ...'ListSnapshotsInRecycleBin ListVolumesInRecycleBin LockSnapshot ModifyEbsDefaultKmsKeyId'.split(' '),
  ...'ModifySnapshotTier ReplaceImageCriteriaInAllowedImagesSettings'.split(' '),
  ...'ReplaceImageInstanceTypeSpecification ResetEbsDefaultKmsKeyId RestoreImageFromRecycleBin'.split(' '),
  ...'RestoreSnapshotFromRecycleBin RestoreSnapshotTier RestoreVolumeFromRecycleBin UnlockSnapshot'.split(' '),
]

/**
 * The actions that this cloud does not have yet, though a real one has. They answer UnsupportedOperation, and
 * `euca-emu operations` lists them, so that a client's user sees the difference between a gap and a slip of the pen.
 */
export const knownActions: readonly string[] = [...ofEucalyptus, ...ofAws]

const [inEucalyptus, inAws] = [new Set(ofEucalyptus), new Set(knownActions)]

/** Whether an action is one that the real cloud has; of either, unless told which. */
export const isKnownAction = (action: string, fidelity: Fidelity = 'aws'): boolean =>
  (fidelity === 'aws' ? inAws : inEucalyptus).has(action)
