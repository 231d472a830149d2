import type { Fidelity } from '../../src/protocol/faults.ts'
import type { InstanceRole, MetadataFacts } from './facts.ts'

type Entries = [path: string, value: string][]

/** eucalyptus-behaviour.md section 6.8: what is told of the profile are leaves, the role is there once it has credentials. */
function eucalyptus({ profileArn, profileId, exists, lastUpdated, roleName, credentials }: InstanceRole): Entries {
  const info: Entries = [
    ['info/last-updated-date', lastUpdated.toISOString()],
    ['info/instance-profile-arn', profileArn],
    ['info/instance-profile-id', profileId],
  ]
  if (!exists || roleName === undefined || !credentials) return exists ? info : []
  const { accessKeyId, secretAccessKey, securityToken, expiresAt } = credentials
  const fields = {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: securityToken,
    Expiration: expiresAt.toISOString(),
  }
  const all = { Code: 'Success', LastUpdated: lastUpdated.toISOString(), Type: 'AWS-HMAC', ...fields }
  const below = Object.entries(fields).map(([name, value]) => [`security-credentials/${roleName}/${name}`, value])
  return [
    ...info,
    ['security-credentials', roleName],
    [`security-credentials/${roleName}`, JSON.stringify(all, null, 2)],
    ...(below as Entries),
  ]
}

const seconds = (time: Date) => time.toISOString().replace(/\.\d+/, '')

/** A document as AWS writes it. */
const document = (fields: Record<string, string>) =>
  `{\n${Object.entries(fields)
    .map(([name, value]) => `  "${name}" : ${JSON.stringify(value)}`)
    .join(',\n')}\n}`

/** The EC2 user guide, and the codes of IAM's "Troubleshooting IAM and Amazon EC2". */
function aws({ profileArn, profileId, exists, lastUpdated, roleName, credentials }: InstanceRole): Entries {
  const LastUpdated = seconds(lastUpdated)
  const missing = { Code: 'InstanceProfileNotFound', Message: `Instance Profile ${profileArn} cannot be found.` }
  const found = { InstanceProfileArn: profileArn, InstanceProfileId: profileId }
  const info = document(exists ? { Code: 'Success', LastUpdated, ...found } : { ...missing, LastUpdated })
  if (roleName === undefined) return [['info', info]]
  const role = credentials
    ? {
        ...{ Code: 'Success', LastUpdated, Type: 'AWS-HMAC', AccessKeyId: credentials.accessKeyId },
        SecretAccessKey: credentials.secretAccessKey,
        Token: credentials.securityToken,
        Expiration: seconds(credentials.expiresAt),
      }
    : { Code: 'AssumeRoleUnauthorizedAccess', Message: `EC2 cannot assume the role ${roleName}.`, LastUpdated }
  return [
    ['info', info],
    [`security-credentials/${roleName}`, document(role)],
  ]
}

/** Everything below `meta-data/iam`, as path and value; nothing without an instance profile. */
export function iamData({ instanceRole }: MetadataFacts, fidelity: Fidelity): Entries {
  if (!instanceRole) return []
  return fidelity === 'aws' ? aws(instanceRole) : eucalyptus(instanceRole)
}
