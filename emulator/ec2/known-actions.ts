/**
 * Actions of the query APIs that Eucalyptus has and this cloud does not have yet. They answer UnsupportedOperation, and
 * `euca-emu operations` lists them, so that a client's user sees the difference between a gap and a slip of the pen.
 */
export const knownActions: readonly string[] = [
  ...'BundleInstance CancelBundleTask CancelConversionTask CopyImage CreateImage'.split(' '),
  ...'CreateTags DeleteTags'.split(' '),
  ...'DescribeAccountAttributes DescribeBundleTasks DescribeConversionTasks'.split(' '),
  ...'DescribeImageAttribute'.split(' '),
  ...'DescribeSnapshotAttribute DescribeSubnets DescribeTags DescribeVolumeAttribute'.split(' '),
  ...'DescribeVpcs'.split(' '),
  ...'ImportImage ImportInstance ImportSnapshot ImportVolume ModifyImageAttribute'.split(' '),
  ...'ModifySnapshotAttribute ModifyVolume MonitorInstances ResetImageAttribute'.split(' '),
  ...'ResetSnapshotAttribute'.split(' '),
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
