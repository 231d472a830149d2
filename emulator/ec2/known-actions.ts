/**
 * Actions of the query APIs that Eucalyptus has and this cloud does not have yet. They answer UnsupportedOperation, and
 * `euca-emu operations` lists them, so that a client's user sees the difference between a gap and a slip of the pen.
 */
export const knownActions: readonly string[] = [
  ...'AllocateAddress AssociateAddress AuthorizeSecurityGroupEgress'.split(' '),
  ...'BundleInstance CancelBundleTask CancelConversionTask CopyImage CreateImage'.split(' '),
  ...'CreateTags DeleteTags'.split(' '),
  ...'DescribeAccountAttributes DescribeAddresses DescribeBundleTasks DescribeConversionTasks'.split(' '),
  ...'DescribeImageAttribute DescribeInstanceAttribute DescribeInstanceStatus'.split(' '),
  ...'DescribeSnapshotAttribute DescribeSubnets DescribeTags DescribeVolumeAttribute'.split(' '),
  ...'DescribeVpcs DisassociateAddress GetConsoleScreenshot GetPasswordData'.split(' '),
  ...'ImportImage ImportInstance ImportSnapshot ImportVolume ModifyImageAttribute ModifyInstanceAttribute'.split(' '),
  ...'ModifySnapshotAttribute ModifyVolume MonitorInstances ReleaseAddress ResetImageAttribute'.split(' '),
  ...'ResetInstanceAttribute ResetSnapshotAttribute RevokeSecurityGroupEgress'.split(' '),
  'UnmonitorInstances',
  // IAM and STS.
  ...'AssumeRole CreateAccessKey CreateAccount CreateSigningCertificate CreateUser DeleteAccessKey DeleteAccount'.split(
    ' ',
  ),
  ...'GetAccessToken GetSessionToken GetUser ListAccessKeys ListAccounts ListUsers UploadSigningCertificate'.split(' '),
  // Bootstrap.
  'DescribeServiceCertificates',
]

const known = new Set(knownActions)

/** Whether an action is one that the real cloud has. */
export const isKnownAction = (action: string): boolean => known.has(action)
