/**
 * Actions of the query APIs that Eucalyptus has and this cloud does not have yet. They answer UnsupportedOperation, and
 * `euca-emu operations` lists them, so that a client's user sees the difference between a gap and a slip of the pen.
 */
export const knownActions: readonly string[] = [
  ...'DescribeAccountAttributes'.split(' '),
  ...'DescribeSubnets'.split(' '),
  ...'DescribeVpcs'.split(' '),
  ...'ModifyVolume MonitorInstances'.split(' '),
  'UnmonitorInstances',
  // IAM and STS.
  ...'CreateAccessKey CreateAccount CreateSigningCertificate CreateUser DeleteAccessKey DeleteAccount'.split(' '),
  ...'GetAccessToken GetSessionToken ListAccessKeys UploadSigningCertificate'.split(' '),
  ...'AttachRolePolicy DetachRolePolicy GetAccountSummary ListAccountAliases ListAttachedRolePolicies'.split(' '),
  ...'AssociateIamInstanceProfile DescribeIamInstanceProfileAssociations DescribeServices'.split(' '),
  ...'DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation UpdateAssumeRolePolicy'.split(' '),
]

const known = new Set(knownActions)

/** Whether an action is one that the real cloud has. */
export const isKnownAction = (action: string): boolean => known.has(action)
